#ifndef RB_CLI_TELEMETRY_H
#define RB_CLI_TELEMETRY_H
/*
 * telemetry: sends the trace of a run that is sealed to a collector, if OpenTelemetry's
 * variables say so. What goes wrong is a line on stderr and nothing else.
 */
#include <stdint.h>
#include "base/str.h"

struct cli;
struct jsonw;

/* TRACEPARENT, if it is one, as a member of run.open. */
void telemetry_put_parent(struct jsonw *w);
/* Reads the journal in dir and sends it; ends within telemetry_patience(OTEL_EXPORTER_OTLP_TIMEOUT). */
void telemetry_send(struct cli *c, struct str dir);
/* How long the end of a run waits for the collector, in all, ns: 2 s, or what the variable's
 * value (milliseconds, NULL: not set) says if that is less. */
int64_t telemetry_patience(const char *timeout);

#endif
