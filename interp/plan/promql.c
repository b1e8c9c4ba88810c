#include "plan/promql.h"

#include "base/buf.h"

/* promql: quotes of a query. */

char promql_scan(struct promql_scan *s, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (s->comment) {
			s->comment = c != '\n';
		} else if (s->escaped) {
			s->escaped = false;
		} else if (s->quote) {
			if (c == '\\' && s->quote != '`')
				s->escaped = true;
			else if (c == s->quote)
				s->quote = 0;
		} else if (c == '"' || c == '\'' || c == '`') {
			s->quote = c;
		} else if (c == '#') {
			s->comment = true;
		}
	}
	return s->quote;
}

void promql_escape(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];
		if (c == '"' || c == '\'' || c == '\\')
			buf_addc(out, '\\');
		if (c == '\n')
			buf_addz(out, "\\n");
		else
			buf_addc(out, c);
	}
}
