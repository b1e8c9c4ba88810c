"""web.py: the web side of the systems that the stand-ins hold: what answers depends on the
state, and what a request changes is in it.

usage: web.py HOME FACE PORTFILE

FACE tdev: the load balancer of T-Developer
    GET /health               200 if the service of "web": {"cluster", "service"} has healthy
                              tasks, and at least "needs" of them
                              "~slow": answers take so many seconds; "~breaks": every such one is a 500
    GET /metrics/cache        {"hit_rate": 0.9}
    POST /admin/clear-cache, POST /admin/invalidate-sessions
    POST /slack, /pager       keeps the message in "~slack", "~pager"; no changing call
FACE neulbom: the API and the front end of Neulbom Care
    GET /health               200 if the web app of "web": {"app"} runs a package that is not in "sick",
                              was restarted more than "hung" times, and its DATABASE_HOST is Ready;
                              one in "~turns_sick" becomes sick after so many requests
    GET /staging/health       the same for the slot, with "sick_in_slot"
    GET /                     200 if the production deployment of vercel is good

A POST is a changing call like those of the stand-ins (state.py): it can be made to fail,
with 503, before or after.
"""
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.dont_write_bytecode = True  # nothing of ours in the checkout
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state  # noqa: E402


def tdev_get(world, path):
    web = world.state["web"]
    if path == "/metrics/cache":
        return 200, {"hit_rate": web.get("hit_rate", 0.9)}
    if path != "/health":
        return 404, {}
    ecs = world.state["aws"]["ecs"]
    service = ecs["clusters"][web["cluster"]]["services"][web["service"]]
    family, number = service["taskDefinition"].split(":")
    healthy = ecs["taskDefinitions"][family][number].get("healthy", True)
    if "~breaks" in web:
        web["~count"] = web.get("~count", 0) + 1
        world.save()
        if web["~count"] % web["~breaks"] == 0:
            return 500, {"status": "broken"}
    well = healthy and service["running"] >= max(1, web.get("needs", 1))
    return (200, {"status": "healthy"}) if well else (503, {"status": "down"})


def tdev_post(world, path, body):
    web = world.state["web"]
    if path in ("/slack", "/pager"):  # messages are no part of the state
        web.setdefault("~" + path[1:], []).append(json.loads(body))
        world.save()
        return '{"status": "success"}'
    yield
    if path == "/admin/clear-cache":
        web["~cached"] = 0
        for points in world.state["aws"]["cloudwatch"]["metrics"].values():  # the pipeline is fast again
            points[:] = [p for p in points if p[1] < 60]
    else:
        web["sessions"] = []
    return json.dumps({"done": True})


def neulbom_get(world, path):
    web = world.state["web"]
    if path in ("/health", "/staging/health"):
        app = world.state["az"]["webapps"][web["app"]]
        here = app["slots"]["production" if path == "/health" else "staging"]
        version = here["package"].replace(".zip", "")
        if path == "/health" and version in web.get("~turns_sick", {}):
            web["~turns_sick"][version] -= 1
            if web["~turns_sick"][version] < 0:
                web["sick"] = web["sick"] + [version]
            world.save()
        server = world.state["az"]["servers"].get(here["settings"].get("DATABASE_HOST", "").split(".")[0])
        sick = version in web.get("sick", []) if path == "/health" else version in web.get("sick_in_slot", [])
        hung = web.get("hung", -1) >= app.get("~restarts", 0)  # until it was restarted more often
        if app["state"] != "Running" or hung or sick or not server or server["state"] != "Ready":
            return 503, {"status": "down", "version": version}
        return 200, {"status": "healthy", "version": version}
    vercel = world.state.get("vercel", {})
    one = vercel.get("deployments", {}).get(vercel.get("production"), {})
    if path == "/":
        return (200, {"page": "늘봄케어", "deployment": vercel["production"]}) if one.get("good") else (500, {"error": "page"})
    return 404, {}


FACES = {"tdev": (tdev_get, tdev_post, ("/admin/clear-cache", "/admin/invalidate-sessions", "/slack", "/pager")), "neulbom": (neulbom_get, None, ())}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body):
        data = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        world = state.World(sys.argv[1])
        try:
            code, body = FACES[sys.argv[2]][0](world, self.path.split("?")[0])
        finally:
            world.close()
        time.sleep(world.state["web"].get("~slow", 0))
        self.answer(code, body)

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, post, paths = FACES[sys.argv[2]]
        if self.path not in paths:
            self.answer(404, {})
            return
        world = state.World(sys.argv[1])
        text = state.serve(world, "web", [self.path], post(world, self.path, data))
        self.answer(503, {"error": "upstream"}) if text is None else self.answer(202 if self.path == "/pager" else 200, text)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with open(sys.argv[3] + ".part", "w", encoding="utf-8") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename(sys.argv[3] + ".part", sys.argv[3])
    server.serve_forever()
