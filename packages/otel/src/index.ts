// OpenTelemetry: spans and metrics of calls, for applications that have its API and an SDK.
export {}
