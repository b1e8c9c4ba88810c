#ifndef RB_REPORT_TRACES_H
#define RB_REPORT_TRACES_H
/*
 * traces: a run as a trace of OpenTelemetry, in the JSON of OTLP: a span for the
 * run, its phases, blocks, steps, iterations, attempts and undos. Pure: ids are
 * functions of the run's id and the key, so a trace made again is the same trace.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "report/fold.h"

struct trace_attribute { struct str name, value; };
enum { TRACE_BATCH = 2000 /* spans in a request */ };

/* Calls each for every batch: one ExportTraceServiceRequest as JSON, valid during the call.
 * resource: attributes of what sends it; without a service.name it is `runbook`. Returns
 * how many spans there were, or -1 if each said false or a batch became too long. */
int64_t traces_make(const struct report *r, const struct trace_attribute *resource, uint32_t resource_count,
		    bool (*each)(void *arg, struct str json), void *arg);
/* W3C trace context: `00-<32 hex>-<16 hex>-<2 hex>`, lower case, ids not zero. Views of s. */
bool traces_parent(struct str s, struct str *trace, struct str *span, bool *sampled);

#endif
