// The OpenTelemetry Collector's own OTLP receiver; what it understood goes to stdout, one JSON document a line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

var out sync.Mutex

func say(text []byte, err error) error {
	out.Lock()
	defer out.Unlock()
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	settings := map[string]any{"protocols": map[string]any{"http": map[string]any{"endpoint": os.Args[1]}}}
	if err := confmap.NewFromStringMap(settings).Unmarshal(config); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	traces := must(consumer.NewTraces(func(_ context.Context, td ptrace.Traces) error {
		return say((&ptrace.JSONMarshaler{}).MarshalTraces(td))
	}))
	metrics := must(consumer.NewMetrics(func(_ context.Context, md pmetric.Metrics) error {
		return say((&pmetric.JSONMarshaler{}).MarshalMetrics(md))
	}))
	set := receivertest.NewNopSettings(factory.Type())
	receivers := []component.Component{
		must(factory.CreateTraces(ctx, set, config, traces)),
		must(factory.CreateMetrics(ctx, set, config, metrics)),
	}
	for _, each := range receivers {
		if err := each.Start(ctx, componenttest.NewNopHost()); err != nil {
			panic(err)
		}
	}
	fmt.Println(`{"ready":true}`)
	<-ctx.Done()
	for _, each := range receivers {
		_ = each.Shutdown(context.Background())
	}
}
