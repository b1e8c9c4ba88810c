"""What services got: channels.py mail LOG, prints facts of each mail, read by Python's own parser;
channels.py hooks LOG EXPRESSION, prints the expression for the list of requests `r`."""
import email
import email.policy
import json
import sys

what, path = sys.argv[1:3]
lines = [json.loads(line) for line in open(path, encoding="utf-8")]
if what == "hooks":
    r = lines
    print(eval(sys.argv[3]))
    sys.exit()
for one in lines:
    raw = one["data"].encode("latin-1")
    assert raw.isascii(), "a mail that is not 7 bit"
    assert all(len(line) <= 78 for line in raw.split(b"\r\n")), "a line of a mail is too long"
    assert b"\n" not in raw.replace(b"\r\n", b""), "a bare newline"
    m = email.message_from_bytes(raw, policy=email.policy.default)
    assert not m.defects and m.get_content_type() == "multipart/alternative", m.defects
    plain, html = (m.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    assert m["Date"].datetime.tzinfo and m["Message-ID"] and m["MIME-Version"] == "1.0"
    print(one["server"], "tls" if one["tls"] else "open", "login" if one["login"] else "anonymous", one["from"], "->", ",".join(one["to"]))
    print("names", sorted(m.keys()))
    print("head", m["From"], "|", m["To"], "|", m["Subject"])
    print("plain", json.dumps(plain.split("\n\n-- \n")[0], ensure_ascii=False))
    print("html", "&lt;b&gt;" in html, "<b>" in html, plain.split("\n")[0] in html)
