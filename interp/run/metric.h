#ifndef RB_RUN_METRIC_H
#define RB_RUN_METRIC_H
/*
 * metric: an instant query of Prometheus over its HTTP API (GET /api/v1/query) and
 * what its answer means. One value is wanted, or all series. No answer, no series,
 * several where one is wanted, NaN, an infinity and what is no answer of Prometheus
 * are failures with words of their own. Only for run/.
 * Source: prometheus.io/docs/prometheus/latest/querying/api.
 */
#include "run/engine_state.h"

enum { METRIC_SERIES_MAX = 10000 };

/* The address of a query: base is the server's, timeout (ns, 0: none) is also the server's. In
 * the frame's arena. False with *error set. */
bool metric_url(struct frame *f, const struct act_metric *m, struct str base, int64_t timeout, struct str *out, bool *unknown,
		struct str *error);
/* PromQL as it is sent, in the frame's arena. */
bool metric_query(struct frame *f, const struct act_metric *m, struct str *out, bool *unknown, struct str *error);
/* The body of an answer with status 200: a float, or a list of {labels, value} (null: NaN or an
 * infinity). In a. False: *error says why, in a. */
bool metric_parse(struct arena *a, struct str body, bool all, struct value *out, struct str *error);
/* What Prometheus says of an error, or "". In a. */
struct str metric_fault(struct arena *a, struct str body);

#endif
