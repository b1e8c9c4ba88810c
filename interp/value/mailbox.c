#include "value/mailbox.h"

/* mailbox: RFC 5321 section 4.1.2, without what nobody uses and servers differ about. */

enum { ADDRESS_MAX = 254, LOCAL_MAX = 64, LABEL_MAX = 63, NAME_MAX_BYTES = 200 };

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool local_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && (i == 0 || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
		if (!is_alnum(s.p[i]) && !(s.p[i] && strchr(".!#$%&'*+/=?^_`{|}~-", s.p[i])))
			return false;
	}
	return s.n > 0 && s.n <= LOCAL_MAX;
}

static bool domain_ok(struct str s)
{
	size_t label = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.') {
			if (!label || s.p[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_alnum(s.p[i]) && !(s.p[i] == '-' && label))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && s.p[s.n - 1] != '-';
}

static size_t last_of(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

struct str mailbox_domain(struct mailbox m)
{
	return str_slice(m.address, last_of(m.address, '@') + 1, m.address.n);
}

static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n <= NAME_MAX_BYTES && utf8_valid(s);
}

const char *mailbox_parse(struct str text, struct mailbox *out)
{
	struct str s = str_trim(text), address = s;
	size_t at;

	*out = (struct mailbox){ STR(""), STR("") };
	if (s.n && s.p[s.n - 1] == '>') {
		at = last_of(s, '<');
		if (at == s.n)
			return "there is a `>` without `<`";
		address = str_slice(s, at + 1, s.n - 1);
		out->name = str_trim(str_slice(s, 0, at));
		if (out->name.n >= 2 && out->name.p[0] == '"' && out->name.p[out->name.n - 1] == '"')
			out->name = str_slice(out->name, 1, out->name.n - 1);
	}
	if (!name_ok(out->name))
		return "the name before the address is too long or has characters that no name has";
	at = last_of(address, '@');
	if (at == address.n)
		return "an address has the form name@domain";
	if (address.n > ADDRESS_MAX || !local_ok(str_slice(address, 0, at)) || !domain_ok(str_slice(address, at + 1, address.n)))
		return "the address is too long or has characters that are not allowed";
	out->address = address;
	return NULL;
}

static bool brackets_ok(struct str s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != ':' && s.p[i] != '.')
			return false;
	return s.n > 3 && s.p[s.n - 1] == ']';
}

const char *mail_server_parse(struct str text, struct str *host, int *port)
{
	struct str s = str_trim(text), number = STR("");
	size_t at = last_of(s, ':');
	bool brackets = s.n && s.p[0] == '[';

	*port = 0;
	if (str_find(s, STR("/")) >= 0)
		return "a server is a host name, without scheme and path";
	if (at < s.n && !(brackets && s.p[s.n - 1] == ']')) {
		number = str_slice(s, at + 1, s.n);
		s = str_slice(s, 0, at);
		for (size_t i = 0; i < number.n && *port < 100000; i++)
			*port = number.p[i] >= '0' && number.p[i] <= '9' ? *port * 10 + number.p[i] - '0' : 100000;
		if (*port < 1 || *port > 65535)
			return "the port is no number from 1 to 65535";
	}
	*host = s;
	return (brackets ? brackets_ok(s) : domain_ok(s)) ? NULL : "that is no host name";
}
