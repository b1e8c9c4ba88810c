"""Mail servers of aiosmtpd: mailserver.py LOG PORTS CERT KEY. PORTS gets the ports of: one with
STARTTLS and a login, one with TLS from the start and a login, one that knows neither, and one
that takes a mail and never answers QUIT. Each mail is a line of JSON in LOG."""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

log = open(sys.argv[1], "a", encoding="utf-8")
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[3], sys.argv[4])
busy = [True]


class Handler:
    def __init__(self, name):
        self.name = name

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return "550 5.1.1 no such user here"
        if address.startswith("later") and busy.pop():
            busy.append(False)
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        log.write(json.dumps({"server": self.name, "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None or self.name == "implicit",
                              "login": bool(session.authenticated), "data": envelope.content.decode("latin-1")}) + "\n")
        log.flush()
        return "250 OK"


class NoQuit(SMTP):
    async def smtp_QUIT(self, arg):
        await asyncio.sleep(3600)


def login(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"runbook" and data.password == b"pass word \xed\x95\x9c"
    return AuthResult(success=good, handled=good)


async def main():
    loop = asyncio.get_running_loop()
    common = {"hostname": "mail.example.org", "enable_SMTPUTF8": False}
    makers = [
        (lambda: SMTP(Handler("starttls"), tls_context=tls, require_starttls=True, authenticator=login, auth_required=True, **common), None),
        (lambda: SMTP(Handler("implicit"), authenticator=login, auth_required=True, auth_require_tls=False, **common), tls),
        (lambda: SMTP(Handler("plain"), **common), None),
        (lambda: NoQuit(Handler("noquit"), **common), None),
    ]
    servers = [await loop.create_server(make, "127.0.0.1", 0, ssl=context) for make, context in makers]
    with open(sys.argv[2], "w") as f:
        f.write(" ".join(str(s.sockets[0].getsockname()[1]) for s in servers))
    await asyncio.gather(*(s.serve_forever() for s in servers))


asyncio.run(main())
