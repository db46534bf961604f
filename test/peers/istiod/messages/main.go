// Writes Istio's messages, as far as proxyless reads them, as .proto files: names and numbers of fields, without comments and options.
// `go run . ../../../../packages/xds/protos` makes those of the package anew.
package main

import (
	"log"
	"maps"
	"os"
	"slices"

	"github.com/jhump/protoreflect/desc"
	"github.com/jhump/protoreflect/desc/protoprint"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "istio.io/api/mcp/v1alpha1"
	_ "istio.io/api/mesh/v1alpha1"
	_ "istio.io/api/networking/v1alpha3"
)

var roots = []protoreflect.FullName{
	"istio.mcp.v1alpha1.Resource",
	"istio.mesh.v1alpha1.MeshConfig",
	"istio.networking.v1alpha3.DestinationRule",
	"istio.networking.v1alpha3.ServiceEntry",
	"istio.networking.v1alpha3.Sidecar",
	"istio.networking.v1alpha3.VirtualService",
	"istio.networking.v1alpha3.WorkloadEntry",
}

func main() {
	kept := reachable()
	files := map[string]*descriptorpb.FileDescriptorProto{}
	for name := range kept {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		check(err)
		file := found.ParentFile()
		files[file.Path()] = pruned(file, kept)
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, file := range files {
		set.File = append(set.File, file)
	}
	whole, err := desc.CreateFileDescriptorsFromSet(set)
	check(err)
	own := []*desc.FileDescriptor{}
	for _, file := range whole {
		if file.GetPackage() != "google.protobuf" {
			own = append(own, file)
		}
	}
	printer := protoprint.Printer{OmitComments: protoprint.CommentsAll, Compact: true, SortElements: true}
	check(printer.PrintProtosToFileSystem(own, os.Args[1]))
}

// reachable names the roots and all that their fields lead to.
func reachable() map[protoreflect.FullName]bool {
	kept := map[protoreflect.FullName]bool{}
	var visit func(protoreflect.Descriptor)
	visit = func(found protoreflect.Descriptor) {
		if kept[found.FullName()] {
			return
		}
		kept[found.FullName()] = true
		if parent, nested := found.Parent().(protoreflect.MessageDescriptor); nested {
			visit(parent)
		}
		message, isMessage := found.(protoreflect.MessageDescriptor)
		if !isMessage {
			return
		}
		fields := message.Fields()
		for i := 0; i < fields.Len(); i++ {
			if to := fields.Get(i).Message(); to != nil {
				visit(to)
			}
			if to := fields.Get(i).Enum(); to != nil {
				visit(to)
			}
		}
	}
	for _, name := range roots {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		check(err)
		visit(found)
	}
	return kept
}

// pruned is the file with only what is kept, and without options: validators and documentation have theirs there.
func pruned(file protoreflect.FileDescriptor, kept map[protoreflect.FullName]bool) *descriptorpb.FileDescriptorProto {
	out := protodesc.ToFileDescriptorProto(file)
	out.MessageType = messages(out.MessageType, string(file.Package()), kept)
	out.EnumType = enums(out.EnumType, string(file.Package()), kept)
	out.Service, out.Extension, out.Options, out.SourceCodeInfo = nil, nil, nil, nil
	out.Dependency, out.PublicDependency, out.WeakDependency = needed(file, kept), nil, nil
	return out
}

// needed are the files that the kept messages of a file lead to.
func needed(file protoreflect.FileDescriptor, kept map[protoreflect.FullName]bool) []string {
	paths := map[string]bool{}
	for name := range kept {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		check(err)
		message, isMessage := found.(protoreflect.MessageDescriptor)
		if !isMessage || found.ParentFile().Path() != file.Path() {
			continue
		}
		for i := 0; i < message.Fields().Len(); i++ {
			if to := message.Fields().Get(i).Message(); to != nil {
				paths[to.ParentFile().Path()] = true
			}
			if to := message.Fields().Get(i).Enum(); to != nil {
				paths[to.ParentFile().Path()] = true
			}
		}
	}
	delete(paths, file.Path())
	return slices.Sorted(maps.Keys(paths))
}

func messages(
	all []*descriptorpb.DescriptorProto,
	in string,
	kept map[protoreflect.FullName]bool,
) []*descriptorpb.DescriptorProto {
	out := []*descriptorpb.DescriptorProto{}
	for _, message := range all {
		full := protoreflect.FullName(in + "." + message.GetName())
		if !kept[full] {
			continue
		}
		if !message.GetOptions().GetMapEntry() {
			message.Options = nil
		}
		for _, field := range message.Field {
			field.Options, field.JsonName = nil, nil
		}
		for _, oneof := range message.OneofDecl {
			oneof.Options = nil
		}
		message.NestedType = messages(message.NestedType, string(full), kept)
		message.EnumType = enums(message.EnumType, string(full), kept)
		out = append(out, message)
	}
	return out
}

func enums(
	all []*descriptorpb.EnumDescriptorProto,
	in string,
	kept map[protoreflect.FullName]bool,
) []*descriptorpb.EnumDescriptorProto {
	out := []*descriptorpb.EnumDescriptorProto{}
	for _, enum := range all {
		if !kept[protoreflect.FullName(in+"."+enum.GetName())] {
			continue
		}
		if !enum.GetOptions().GetAllowAlias() {
			enum.Options = nil
		}
		for _, value := range enum.Value {
			value.Options = nil
		}
		out = append(out, enum)
	}
	return out
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
