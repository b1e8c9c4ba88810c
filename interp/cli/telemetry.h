#ifndef RB_CLI_TELEMETRY_H
#define RB_CLI_TELEMETRY_H
/*
 * telemetry: sends the trace of a run that is sealed to a collector, if OpenTelemetry's
 * variables say so. What goes wrong is a line on stderr and nothing else.
 */
#include "base/str.h"

struct cli;
struct jsonw;

/* TRACEPARENT, if it is one, as a member of run.open. */
void telemetry_put_parent(struct jsonw *w);
/* Reads the journal in dir and sends it; ends within OTEL_EXPORTER_OTLP_TIMEOUT. */
void telemetry_send(struct cli *c, struct str dir);

#endif
