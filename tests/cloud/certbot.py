"""certbot.py: a stand-in for certbot 2.1: certonly by DNS, certificates, delete.

State: {"certificates": {NAME: {"domains": [D...], "valid": true}}, "zones": [DOMAIN...]}
Names outside of `zones` cannot be proved.
"""
import state

FAULT = ("An unexpected error occurred:\nrequests.exceptions.ReadTimeout: HTTPSConnectionPool(host='acme-v02.api.letsencrypt.org', port=443): "
         "Read timed out. (read timeout=45)", 1)


def usage(text):
    state.refuse("usage: \n  certbot [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n\ncertbot: error: " + text, 2)


def call(world, argv):
    plain, found = state.options(argv, "domain:many cert-name non-interactive:flag agree-tos:flag dns-route53:flag email keep-until-expiring:flag",
                                 lambda w: usage("unrecognized arguments: " + w),
                                 lambda n: usage("argument --%s: expected one argument" % n), {"-d": "domain", "-n": "non-interactive", "-m": "email"})
    certs = world.state.setdefault("certbot", {}).setdefault("certificates", {})
    if len(plain) != 1 or plain[0] not in ("certonly", "certificates", "delete"):
        usage("unrecognized arguments: " + " ".join(plain))
    if plain[0] == "certificates":
        there = {n: c for n, c in sorted(certs.items()) if n == found.get("cert-name", n)}
        if not there:
            return "No certificates found."
        return "Found the following certs:\n" + "\n".join("  Certificate Name: %s\n    Domains: %s\n    Expiry Date: 2027-02-01 (%s)" % (
            n, " ".join(c["domains"]), "VALID: 63 days" if c["valid"] else "INVALID: EXPIRED") for n, c in there.items())
    if not found.get("non-interactive"):
        usage("the stand-in wants --non-interactive")
    return delete(certs, found) if plain[0] == "delete" else certonly(world.state["certbot"], certs, found)


def delete(certs, found):
    if found.get("cert-name") not in certs:
        state.refuse("No certificate found with name %s (expected /etc/letsencrypt/renewal/%s.conf)." % ((found.get("cert-name"),) * 2), 1)
    yield
    del certs[found["cert-name"]]
    return "Deleted all files relating to certificate %s." % found["cert-name"]


def certonly(certbot, certs, found):
    domains = found.get("domain", [])
    if not found.get("dns-route53") or not domains or not found.get("agree-tos"):
        usage("the stand-in wants --agree-tos --dns-route53 and domains")
    strange = [d for d in domains if not any(d == z or d.endswith("." + z) for z in certbot.get("zones", []))]
    if strange:
        state.refuse("Unable to find a Route53 hosted zone for _acme-challenge.%s" % strange[0], 1)
    yield
    certs[found.get("cert-name", domains[0])] = {"domains": domains, "valid": True}
    return "Successfully received certificate."
