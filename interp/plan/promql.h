#ifndef RB_PLAN_PROMQL_H
#define RB_PLAN_PROMQL_H
/*
 * promql: just enough of Prometheus' query language to know where a hole of a
 * query stands: inside a string of a label matcher, between backticks, or in the
 * query itself. So a value can be escaped, or refused, and never becomes query.
 * Source: prometheus.io/docs/prometheus/latest/querying/basics, string literals.
 */
#include "base/str.h"

struct buf;

/* Zero at the start of a query. */
struct promql_scan { char quote; bool escaped, comment; };
/* Reads on over literal text. Returns what the place behind it is in: '"', '\'', '`', or 0. */
char promql_scan(struct promql_scan *s, struct str text);
/* Adds a value as part of a string in quotes. */
void promql_escape(struct buf *out, struct str value);

#endif
