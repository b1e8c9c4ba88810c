#!/usr/bin/env python3
"""junit.py WORK: the JUnit reports there, read as CI systems do, against the JSON reports."""
import json
import sys
import xml.etree.ElementTree as ET

work = sys.argv[1]
bad = 0


def check(ok, text):
    global bad
    if not ok:
        bad += 1
        print(text)


def leaves(node, found):
    block = node.get("action") == "steps" or node["kind"] == "foreach" and node.get("steps")
    if node["kind"] in ("step", "iteration", "foreach") and not block and ("status" in node or "began_us" in node):
        found.append(node)
    for child in node.get("steps", []):
        leaves(child, found)
    return found


for name in ("rich", "hostile", "many"):
    root = ET.parse(f"{work}/{name}.junit").getroot()
    report = json.load(open(f"{work}/{name}.json"))
    cases = root.findall("./testsuite/testcase")
    nodes = [leaf for phase in report["phases"] for leaf in leaves(phase, [])]
    check(len(cases) == len(nodes), f"{name}: {len(cases)} cases, {len(nodes)} leaves")
    check(int(root.get("tests")) == len(cases), f"{name}: tests={root.get('tests')} of {len(cases)}")
    check(int(root.get("failures")) == len(root.findall(".//failure")), f"{name}: failures")
    check(int(root.get("errors")) == len(root.findall(".//error")), f"{name}: errors")
    for suite in root.findall("testsuite"):
        own = suite.findall("testcase")
        check(int(suite.get("tests")) == len(own), f"{name}: {suite.get('name')}: tests")
        check(int(suite.get("skipped")) == len(suite.findall("testcase/skipped")), f"{name}: {suite.get('name')}: skipped")
        for case in own:
            check(len([e for e in case if e.tag in ("failure", "error", "skipped")]) <= 1, f"{name}: {case.get('name')}: two results")
    names = [(c.get("classname"), c.get("name")) for c in cases]
    check(len(names) == len(set(names)), f"{name}: two cases of one name")
rich = ET.parse(f"{work}/rich.junit").getroot()
health = rich.find(".//testcase[@classname='kis_core_deploy.test']")
check("curl: (7) Connection refused" in health.findtext("system-err"), "the output of the failed step")
check("헬스 체크" in health.get("name"), "Korean names")
print(f"{bad} wrong")
sys.exit(bad > 0)
