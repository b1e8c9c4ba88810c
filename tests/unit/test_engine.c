#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "world.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* cases name only what they use */

/*
 * test_engine: the semantics of engine.md section 3 in virtual time: what is
 * started, in which order, and how the run ends. Each case is a runbook, the
 * exit code and the trace.
 */

#define HEAD "runbook: 1\nname: t\n"

struct case_ {
	const char *name, *text;
	int exit;
	const char *trace;
	const char *answer;
	int cancel_at;
	bool dry;
};

static const struct case_ cases[] = {
	{ "in order", HEAD "act:\n  - {id: a, run: [ok, 1]}\n  - {id: b, run: [ok, 2]}\n", 0, "act/a: ok 1\nact/b: ok 2\n" },
	{ "failure before a write", HEAD "preflight:\n  - {id: a, run: [no], effect: read}\nact:\n  - {id: b, run: [ok]}\n", 1,
	  "preflight/a: no\n" },
	{ "undo in reverse",
	  HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok], rollback: [{run: [ok, ub]}]}\n"
	       "  - {id: c, run: [no], rollback: [{run: [ok, uc]}]}\n",
	  3, "act/a: ok\nact/b: ok\nact/c: no\nact/c!undo/#1: ok uc\nact/b!undo/#1: ok ub\nact/a!undo/#1: ok ua\n" },
	{ "TEST fails", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\ntest:\n  - {id: t, run: [no], effect: read}\n", 3,
	  "act/a: ok\ntest/t: no\nact/a!undo/#1: ok ua\n" },
	{ "write without rollback is residue", HEAD "act:\n  - {id: a, run: [ok]}\n  - {id: b, run: [no], rollback: []}\n", 4,
	  "act/a: ok\nact/b: no\n" },
	{ "what never started is tried again", HEAD "act:\n  - {id: a, run: [nostart], retry: {max: 2, delay: 1s}}\n", 3, "act/a: nostart\nact/a: nostart\nact/a: nostart\n" },
	{ "what would end the same way is not", HEAD "act:\n  - {id: a, run: [useless], retry: {max: 2, delay: 1s}}\n", 3, "act/a: useless\n" },
	{ "nor in an undo, whose other steps run", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [useless]}, {run: [ok, ua]}]}\n  - {id: b, run: [ok], rollback: [{run: [ok, ub]}]}\n  - {run: [no], rollback: []}\n", 4,
	  "act/a: ok\nact/b: ok\nact/#3: no\nact/b!undo/#1: ok ub\nact/a!undo/#1: useless\n" },
	{ "never started is no residue", HEAD "act:\n  - {id: b, run: [ok], rollback: []}\n  - {id: a, run: [nostart]}\n", 3,
	  "act/b: ok\nact/a: nostart\n" },
	{ "rollback retries, then residue",
	  HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, u0]}, {run: [no, u1]}, {run: [ok, u2]}]}\n  - {id: b, run: [no], rollback: []}\n", 4,
	  "act/a: ok\nact/b: no\nact/a!undo/#1: ok u0\nact/a!undo/#2: no u1\nact/a!undo/#2: no u1\nact/a!undo/#2: no u1\nact/a!undo/#2: no u1\n" },
	{ "next entry after a failed undo",
	  HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok], rollback: [{run: [no, ub], retry: 0}]}\n"
	       "  - {id: c, run: [no], rollback: []}\n",
	  4, "act/a: ok\nact/b: ok\nact/c: no\nact/b!undo/#1: no ub\nact/a!undo/#1: ok ua\n" },
	{ "irreversible stops the unwinding",
	  HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok], irreversible: gone}\n"
	       "  - {id: c, run: [ok], rollback: [{run: [ok, uc]}]}\n  - {id: d, run: [no], rollback: []}\n",
	  4, "act/a: ok\nact/b: ok\nact/c: ok\nact/d: no\nact/c!undo/#1: ok uc\n" },
	{ "a module is one entry, undone child by child",
	  HEAD "act:\n  - {id: m, uses: ./m.yml, with: {x: 1}}\n  - {id: n, uses: ./m.yml, with: {x: 2}}\n  - {id: c, run: [no], rollback: []}\n"
	       "\n=== m.yml\nrunbook: 1\ninputs: {x: int}\nvars: {t: 'v${{ inputs.x }}'}\nsteps:\n"
	       "  - {id: a, run: [ok, '${{ vars.t }}'], rollback: [{run: [ok, ua, '${{ inputs.x }}']}]}\n  - {id: b, run: [ok], rollback: [{run: [ok, ub]}]}\n",
	  3, "act/m/a: ok v1\nact/m/b: ok\nact/n/a: ok v2\nact/n/b: ok\nact/c: no\n"
	     "act/n/b!undo/#1: ok ub\nact/n/a!undo/#1: ok ua 2\nact/m/b!undo/#1: ok ub\nact/m/a!undo/#1: ok ua 1\n" },
	{ "a module that completed and has a rollback of its own is undone by that",
	  HEAD "act:\n  - {id: m, uses: ./m.yml, rollback: [{run: [ok, own, '${{ show(self.got) }}']}]}\n  - {id: c, run: [no], rollback: []}\n"
	       "\n=== m.yml\nrunbook: 1\nsteps:\n  - {id: a, run: [ok, A], capture: {got: out}, rollback: [{run: [ok, ua]}]}\noutputs: {got: steps.a.got}\n",
	  3, "act/m/a: ok A\nact/c: no\nact/m!undo/#1: ok own A\n" },
	{ "a module that did not complete is undone child by child, whatever it has",
	  HEAD "act:\n  - {id: m, uses: ./m.yml, rollback: [{run: [ok, own]}]}\n"
	       "\n=== m.yml\nrunbook: 1\nsteps:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [no], rollback: []}\n",
	  3, "act/m/a: ok\nact/m/b: no\nact/m/a!undo/#1: ok ua\n" },
	{ "a module is unwound between attempts",
	  HEAD "act:\n  - {id: m, uses: ./m.yml, retry: {max: 1, delay: 0s}}\n"
	       "\n=== m.yml\nrunbook: 1\nsteps:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [no], rollback: []}\n",
	  3, "act/m/a: ok\nact/m/b: no\nact/m/a!undo/#1: ok ua\nact/m~2/a: ok\nact/m~2/b: no\nact/m~2/a!undo/#1: ok ua\n" },
	{ "stop ends the module alone",
	  HEAD "act:\n  - {id: m, uses: ./m.yml}\n  - {id: c, run: [ok]}\n"
	       "\n=== m.yml\nrunbook: 1\nsteps:\n  - steps: [{guard: {that: 1 > 2, else: stop}}, {id: x, run: [ok]}]\n  - {id: b, run: [ok]}\n",
	  0, "act/c: ok\n" },
	{ "modules in modules, in a loop",
	  HEAD "act:\n  - {id: m, foreach: [7, 8], uses: ./m.yml, with: {x: '${{ item }}'}}\n  - {id: c, run: [no], rollback: []}\n"
	       "\n=== m.yml\nrunbook: 1\ninputs: {x: int}\nsteps:\n  - {id: n, foreach: [1, 2], uses: ./n.yml, with: {y: '${{ inputs.x * 10 + item }}'}}\n"
	       "\n=== n.yml\nrunbook: 1\ninputs: {y: int}\nsteps:\n  - {id: a, run: [ok, '${{ inputs.y }}'], rollback: [{run: [ok, u, '${{ inputs.y }}']}]}\n",
	  3, "act/m[0]/n[0]/a: ok 71\nact/m[0]/n[1]/a: ok 72\nact/m[1]/n[0]/a: ok 81\nact/m[1]/n[1]/a: ok 82\nact/c: no\n"
	     "act/m[1]/n[1]/a!undo/#1: ok u 82\nact/m[1]/n[0]/a!undo/#1: ok u 81\nact/m[0]/n[1]/a!undo/#1: ok u 72\nact/m[0]/n[0]/a!undo/#1: ok u 71\n" },
	{ "cancelled inside of a module",
	  HEAD "act:\n  - {id: m, uses: ./m.yml, always: [{run: [ok, al], effect: read}]}\n  - {id: c, run: [ok]}\n"
	       "\n=== m.yml\nrunbook: 1\nsteps:\n  - {id: a, run: [cancel], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok]}\n",
	  130, "act/m/a: cancel\nact/m/a!undo/#1: ok ua\nact/m!always/#1: ok al\n" },
	{ "if false, guard skip", HEAD "act:\n  - {id: a, if: 1 > 2, run: [ok]}\n  - id: b\n    guard: {that: 1 > 2, else: skip}\n    run: [ok]\n  - {id: c, run: [ok]}\n", 0,
	  "act/c: ok\n" },
	{ "guard stop", HEAD "preflight:\n  - guard: {that: 1 > 2, else: stop, say: healthy}\nact:\n  - {id: c, run: [ok]}\nreport:\n  - {id: r, run: [ok], effect: read}\n", 0,
	  "report/r: ok\n" },
	{ "guard fail after a write", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - guard: 1 > 2\n", 3, "act/a: ok\nact/a!undo/#1: ok ua\n" },
	{ "probe yes is unchanged and not undone",
	  HEAD "act:\n  - {id: a, run: [ok], probe: {run: [ok]}, rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [no], rollback: []}\n", 3,
	  "?act/a: ok\nact/b: no\n" },
	{ "probe no, undo, probe again",
	  HEAD "act:\n  - {id: a, run: [ok], probe: {run: [no]}, rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [no], rollback: []}\n", 3,
	  "?act/a: no\nact/a: ok\nact/b: no\nact/a!undo/#1: ok ua\n?act/a: no\n" },
	{ "probe unknown fails", HEAD "act:\n  - {id: a, run: [ok], probe: {run: [code, 2]}, rollback: []}\n", 1, "?act/a: code 2\n" },
	{ "retry", HEAD "act:\n  - {id: a, run: [flaky, 2], retry: 3, rollback: []}\n", 0, "act/a: flaky 2\nact/a: flaky 2\nact/a: flaky 2\n" },
	{ "retry ends", HEAD "act:\n  - {id: a, run: [flaky, 9], retry: 1, rollback: []}\n", 3, "act/a: flaky 9\nact/a: flaky 9\n" },
	{ "a write with unknown end is not repeated", HEAD "act:\n  - {id: a, run: [sig], retry: 3, rollback: [{run: [ok, ua]}]}\n", 3,
	  "act/a: sig\nact/a!undo/#1: ok ua\n" },
	{ "unless idempotent", HEAD "act:\n  - {id: a, run: [sig], retry: 1, idempotent: true, rollback: []}\n", 3, "act/a: sig\nact/a: sig\n" },
	{ "or its probe says no", HEAD "act:\n  - {id: a, run: [sig], retry: 1, probe: {run: [no]}, rollback: []}\n", 3,
	  "?act/a: no\nact/a: sig\n?act/a: no\nact/a: sig\n" },
	{ "timeout undoes", HEAD "act:\n  - {id: a, run: [hang], timeout: 5s, rollback: [{run: [ok, ua]}]}\n", 3, "act/a: hang\nact/a!undo/#1: ok ua\n" },
	{ "block timeout", HEAD "act:\n  - id: b\n    timeout: 3s\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [hang], rollback: [{run: [ok, uy]}]}\n", 3,
	  "act/b/x: ok\nact/b/y: hang\nact/b/y!undo/#1: ok uy\nact/b/x!undo/#1: ok ux\n" },
	{ "run timeout", HEAD "timeout: 3s\nact:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [hang], rollback: [{run: [ok, ub]}]}\n", 3,
	  "act/a: ok\nact/b: hang\nact/b!undo/#1: ok ub\nact/a!undo/#1: ok ua\n" },
	{ "cancel", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [cancel], rollback: [{run: [ok, ub]}]}\n  - {id: c, run: [ok]}\n", 130,
	  "act/a: ok\nact/b: cancel\nact/b!undo/#1: ok ub\nact/a!undo/#1: ok ua\n" },
	{ "foreach", HEAD "act:\n  - {id: a, foreach: [x, y], run: [ok, \"${{ item }}\"], rollback: [{run: [ok, u, \"${{ item }}\"]}]}\n  - {id: b, run: [no], rollback: []}\n", 3,
	  "act/a[0]: ok x\nact/a[1]: ok y\nact/b: no\nact/a[1]!undo/#1: ok u y\nact/a[0]!undo/#1: ok u x\n" },
	{ "a failed iteration starts no further", HEAD "act:\n  - {id: a, foreach: [ok, no, ok], run: [\"${{ item }}\"], rollback: []}\n", 3, "act/a[0]: ok\nact/a[1]: no\n" },
	{ "matrix", HEAD "act:\n  - id: a\n    foreach: {p: [1, 2], q: [x, y]}\n    run: [ok, \"${{ item.p }}\", \"${{ item.q }}\"]\n    rollback: []\n", 0,
	  "act/a[0]: ok 1 x\nact/a[1]: ok 1 y\nact/a[2]: ok 2 x\nact/a[3]: ok 2 y\n" },
	{ "parallel settles siblings",
	  HEAD "act:\n  - id: b\n    parallel: 2\n    steps:\n      - {id: x, run: [no], rollback: []}\n      - {id: y, run: [slow, 3], rollback: [{run: [ok, uy]}]}\n      - {id: z, run: [ok], rollback: []}\n", 3,
	  "act/b/x: no\nact/b/y: slow 3\nact/b/y!undo/#1: ok uy\n" },
	{ "completed block is undone by its own rollback",
	  HEAD "act:\n  - id: b\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n    rollback: [{run: [ok, ub]}]\n  - {id: c, run: [no], rollback: []}\n", 3,
	  "act/b/x: ok\nact/c: no\nact/b!undo/#1: ok ub\n" },
	{ "incomplete block child by child",
	  HEAD "act:\n  - id: b\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [no], rollback: []}\n    rollback: [{run: [ok, ub]}]\n", 3,
	  "act/b/x: ok\nact/b/y: no\nact/b/x!undo/#1: ok ux\n" },
	{ "retry of a block unwinds it",
	  HEAD "act:\n  - id: b\n    retry: 1\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [no], rollback: []}\n", 3,
	  "act/b/x: ok\nact/b/y: no\nact/b/x!undo/#1: ok ux\nact/b~2/x: ok\nact/b~2/y: no\nact/b~2/x!undo/#1: ok ux\n" },
	{ "on_fail continue keeps the rollback armed",
	  HEAD "act:\n  - {id: a, run: [no], on_fail: continue, rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [no], rollback: []}\n", 3,
	  "act/a: no\nact/b: no\nact/a!undo/#1: ok ua\n" },
	{ "on_fail undo goes on", HEAD "act:\n  - id: a\n    on_fail: undo\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [no], rollback: []}\n  - {id: b, run: [ok], rollback: []}\n", 0,
	  "act/a/x: ok\nact/a/y: no\nact/a/x!undo/#1: ok ux\nact/b: ok\n" },
	{ "pause: skip", HEAD "act:\n  - {id: a, run: [no], on_fail: pause, rollback: []}\n  - {id: b, run: [ok], rollback: []}\n", 0, "act/a: no\nask act/a\nact/b: ok\n", "skip" },
	{ "pause: rollback", HEAD "act:\n  - {id: a, run: [no], on_fail: pause, rollback: [{run: [ok, ua]}]}\n", 3, "act/a: no\nask act/a\nact/a!undo/#1: ok ua\n", "rollback" },
	{ "pause without a person is held", HEAD "act:\n  - {id: a, run: [no], on_fail: pause, rollback: [{run: [ok, ua]}]}\n", 5, "act/a: no\nask act/a\n" },
	{ "confirm refused", HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - confirm: sure?\n", 3, "act/a: ok\nask act/#2\nact/a!undo/#1: ok ua\n", "no" },
	{ "confirm unanswered in time, again after a retry", HEAD "act:\n  - {id: a, confirm: sure?, timeout: 5s, retry: 1}\n", 1, "ask act/a\nask act/a\n", "silence" },
	{ "wait with a timeout", HEAD "act:\n  - {id: a, wait: 1h, timeout: 5s}\n  - {id: b, run: [ok], rollback: []}\n", 1, "" },
	{ "undo on the spot asks the probe again",
	  HEAD "act:\n  - {id: a, run: [no], on_fail: undo, probe: {run: [no]}, rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok], rollback: []}\n", 0,
	  "?act/a: no\nact/a: no\nact/a!undo/#1: ok ua\n?act/a: no\nact/b: ok\n" },
	{ "undo on the spot stops at an irreversible step, and so does the rest",
	  HEAD "act:\n  - id: b\n    on_fail: undo\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [ok], irreversible: gone}\n      - {id: z, run: [no], rollback: [{run: [ok, uz]}]}\n", 4,
	  "act/b/x: ok\nact/b/y: ok\nact/b/z: no\nact/b/z!undo/#1: ok uz\n" },
	{ "an irreversible block with probe and timeout",
	  HEAD "act:\n  - id: b\n    irreversible: gone\n    probe: {run: [no]}\n    timeout: 10s\n    steps:\n      - {id: x, run: [no], rollback: [{run: [ok, ux]}]}\n", 3,
	  "?act/b: no\nact/b/x: no\n?act/b: no\n" },
	{ "iterations are entries of their own",
	  HEAD "act:\n  - id: b\n    parallel: 2\n    steps:\n      - {id: l, foreach: [2, 2], run: [slow, \"${{ item }}\"], rollback: [{run: [ok, u]}]}\n"
	       "      - {id: x, run: [slow, 1], rollback: [{run: [ok, ux]}]}\n      - {id: y, run: [slow, 3], rollback: [{run: [ok, uy]}]}\n  - {id: c, run: [no], rollback: []}\n", 3,
	  "act/b/x: slow 1\nact/b/l[0]: slow 2\nact/b/y: slow 3\nact/b/l[1]: slow 2\nact/c: no\n"
	  "act/b/l[1]!undo/#1: ok u\nact/b/y!undo/#1: ok uy\nact/b/l[0]!undo/#1: ok u\nact/b/x!undo/#1: ok ux\n" },
	{ "an always block that writes is not the run's first write",
	  HEAD "preflight:\n  - {id: a, run: [ok], effect: read, always: [{run: [ok, al]}]}\n  - guard: 1 > 2\n", 1, "preflight/a: ok\npreflight/a!always/#1: ok al\n" },
	{ "a read before an irreversible step is no residue", /* it is kept for its always block only */
	  HEAD "act:\n  - {id: r, run: [ok], effect: read, always: [{run: [ok, al]}]}\n  - {id: a, run: [ok], irreversible: gone, probe: {run: [no]}, rollback: []}\n  - {id: c, run: [no], rollback: []}\n", 3,
	  "act/r: ok\n?act/a: no\nact/a: ok\nact/c: no\n?act/a: no\nact/r!always/#1: ok al\n" },
	{ "a report asks nobody", HEAD "act:\n  - {id: a, run: [ok], rollback: []}\nreport:\n  - {id: r, run: [no], effect: read, on_fail: pause}\n  - confirm: seen?\n", 0,
	  "act/a: ok\nreport/r: no\nask report/#2\n" },
	{ "dry-run: a guard ends it as in earnest", HEAD "act:\n  - {id: a, run: [ok]}\n  - guard: 1 > 2\n", 4, "would act/a\n", NULL, 0, true },
	{ "dry-run: expect over what is not known", HEAD "act:\n  - {id: a, run: [ok], capture: {t: out}, rollback: []}\n  - {capture: {u: steps.a.t}, expect: (u ?? '') == 'x'}\n", 0, "would act/a\n", NULL, 0, true },
	{ "always after the undo",
	  HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}], always: [{run: [ok, al]}]}\n  - {id: b, run: [no], rollback: []}\n", 3,
	  "act/a: ok\nact/b: no\nact/a!undo/#1: ok ua\nact/a!always/#1: ok al\n" },
	{ "always at the end of its phase", HEAD "act:\n  - {id: a, run: [ok], rollback: [], always: [{run: [ok, al]}]}\n  - {id: b, run: [ok], rollback: []}\ntest:\n  - {id: t, run: [ok], effect: read}\n", 0,
	  "act/a: ok\nact/b: ok\nact/a!always/#1: ok al\ntest/t: ok\n" },
	{ "top-level lists",
	  HEAD "act:\n  - {id: a, run: [no], rollback: [{run: [ok, ua]}]}\nrollback: [{run: [ok, top]}]\nalways: [{run: [no, aw]}]\nreport: [{run: [ok, rep], effect: read}]\n", 3,
	  "act/a: no\nact/a!undo/#1: ok ua\nrollback/#1: ok top\nalways/#1: no aw\nreport/#1: ok rep\n" },
	{ "captures and self",
	  HEAD "act:\n  - id: a\n    run: [ok, v7]\n    capture: {tag: out}\n    rollback: [{run: [ok, back, \"${{ self.tag ?? 'none' }}\"]}]\n  - {id: b, run: [no, \"${{ steps.a.tag }}\"], rollback: []}\n", 3,
	  "act/a: ok v7\nact/b: no v7\nact/a!undo/#1: ok back v7\n" },
	{ "expect", HEAD "act:\n  - {id: a, run: [code, 3], expect: code == 3, rollback: []}\n  - {id: b, run: [ok, x], expect: out == 'y', rollback: []}\n", 3, "act/a: code 3\nact/b: ok x\n" },
	{ "loop children and each",
	  HEAD "act:\n  - id: l\n    foreach: [p, q]\n    steps:\n      - {id: x, run: [ok, \"${{ item }}\"], capture: {v: out}, rollback: []}\n"
	       "  - {id: b, run: [ok, \"${{ steps.l.each.map(e => e.item).join('+') }}\"], rollback: []}\n",
	  0, "act/l[0]/x: ok p\nact/l[1]/x: ok q\nact/b: ok p+q\n" },
	{ "dry-run", HEAD "preflight:\n  - {id: p, run: [ok, 5], effect: read, capture: {n: int(out)}}\nact:\n  - {id: a, if: steps.p.n > 3, run: [ok], capture: {t: out}, rollback: []}\n  - {id: b, if: (steps.a.t ?? '') == 'x', run: [ok], rollback: []}\n", 0,
	  "preflight/p: ok 5\nwould act/a\nwould act/b\n", NULL, 0, true },
	{ "wait and parallel foreach", HEAD "act:\n  - wait: 30s\n  - {id: a, foreach: range(3), parallel: 3, run: [ok, \"${{ item }}\"], rollback: []}\n", 0,
	  "act/a[0]: ok 0\nact/a[1]: ok 1\nact/a[2]: ok 2\n" },
};

static void run_case(void **state)
{
	const struct case_ *c = *state;
	struct world w;
	struct world_run r;

	world_init(&w);
	w.answer = c->answer;
	w.cancel_at = c->cancel_at;
	w.dry = c->dry;
	r = world_run(&w, c->text);
	if (w.trace.p && strcmp(w.trace.p, c->trace))
		fprintf(stderr, "--- records of `%s`\n%s", c->name, w.records.p);
	assert_string_equal(w.trace.p ? w.trace.p : "", c->trace);
	if (r.exit != c->exit)
		fprintf(stderr, "--- records of `%s`\n%s", c->name, w.records.p);
	assert_int_equal(r.exit, c->exit);
	assert_false(w.unsynced_write);
	world_release(&w);
}

/* Has the step ended as ok; is its outcome `dry`? */
static bool ok_but_dry(const struct world *w, const char *key)
{
	char ended[80], *at, *dry;

	(void)snprintf(ended, sizeof(ended), "\"step.outcome\",\"k\":\"%s\",\"status\":\"ok\"", key);
	at = strstr(w->records.p, ended);
	assert_non_null(at);
	dry = strstr(at, "\"dry\":true");
	return dry && dry < strchr(at, '\n');
}

/* dry-run: a block of which not all ran is not known to be ok; to journals of revision 1 it was. */
static void test_dry_block(void **state)
{
	static const char text[] = HEAD
		"preflight:\n  - {id: r, steps: [{run: [ok], effect: read}]}\n"
		"act:\n  - {id: b, steps: [{run: [ok], rollback: []}]}\n  - {id: u, uses: ./m.yml}\n"
		"  - {id: c, if: \"steps.b.status == 'ok' and steps.r.status == 'ok'\", steps: [{guard: true}]}\n"
		"\n=== m.yml\nrunbook: 1\nsteps:\n  - {id: l, foreach: [1], parallel: 2, run: [ok], rollback: []}\n";

	(void)state;
	for (uint32_t revision = 1; revision <= ENGINE_REVISION; revision++) {
		bool known = revision < REVISION_2;
		struct world w;

		world_init(&w);
		w.dry = true;
		w.revision = revision;
		assert_int_equal(world_run(&w, text).exit, 0);
		assert_false(ok_but_dry(&w, "preflight/r"));
		assert_true(ok_but_dry(&w, "act/b") == !known);
		assert_true(ok_but_dry(&w, "act/u") == !known);
		assert_true((strstr(w.records.p, "\"result\":\"unknown\"") != NULL) == !known);
		world_release(&w);
	}
}

/* Whatever moment the operator chooses, every started write is undone. */
static void test_cancel_everywhere(void **state)
{
	static const char text[] = HEAD
		"act:\n  - {id: a, foreach: [1, 2, 3], parallel: 2, run: [slow, 2], rollback: [{run: [ok, u]}]}\n"
		"  - id: b\n    parallel: 2\n    steps:\n      - {id: x, run: [ok], rollback: [{run: [ok, u]}]}\n"
		"      - id: y\n        steps:\n          - {id: z, run: [slow, 4], rollback: [{run: [ok, u]}]}\n          - {id: zz, run: [ok], rollback: [{run: [ok, u]}]}\n"
		"  - {id: c, run: [slow, 3], retry: 2, rollback: [{run: [ok, u]}]}\n";

	(void)state;
	for (int at = 1; at < 9; at++) {
		struct world w;
		struct world_run r;
		int undo = 0, forward = 0;

		world_init(&w);
		w.cancel_at = at;
		r = world_run(&w, text);
		for (const char *p = w.trace.p; p && *p; p = strchr(p, '\n') + 1)
			if (strstr(p, "!undo") && strstr(p, "!undo") < strchr(p, '\n'))
				undo++;
			else
				forward++;
		if (at <= 7) {
			assert_int_equal(r.exit, 130);
			assert_int_equal(undo, forward);
		} else {
			assert_int_equal(r.exit, 0);
		}
		assert_false(w.unsynced_write);
		world_release(&w);
	}
}

/* A journal that fails stops the run at once: nothing more is started. */
static void test_journal_failure(void **state)
{
	(void)state;
	for (int at = 1; at < 12; at++) {
		struct world w;
		struct world_run r;
		int before;

		world_init(&w);
		w.fail_flush_at = at;
		r = world_run(&w, HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok]}]}\n  - {id: b, run: [no], rollback: []}\n");
		before = w.started;
		if (w.flushes >= at) {
			assert_int_equal(r.exit, 4);
			assert_int_equal(r.journal_err, 5);
			assert_int_equal(w.flushes, at);
		}
		assert_true(before < at + 1);
		world_release(&w);
	}
}

/* Held: ends at once, although the run's own timeout is still ahead. */
static void test_held_ends(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(world_run(&w, HEAD "timeout: 1h\nact:\n  - {id: a, run: [no], on_fail: pause, rollback: []}\n").exit, 5);
	assert_true(w.now < 10000000000);
	world_release(&w);
}

/* A loop whose last iteration was cut short by a failure beside it is not ok. */
static void test_loop_cut_short(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(world_run(&w, HEAD "act:\n  - id: b\n    parallel: 2\n    steps:\n      - {id: l, foreach: [1], wait: 1h}\n      - {id: x, run: [no], effect: read}\n").exit, 1);
	assert_non_null(strstr(w.records.p, "\"k\":\"act/b/l\",\"status\":\"cancelled\""));
	world_release(&w);
}

/* Rule 9: what a signal does while the run unwinds. Three undos follow a failure. */
static const struct signals_case {
	const char *name;
	bool interactive;
	int count, script[4][2];
	const char *does[4];
	int exit;
} signal_cases[] = {
	{ "terminal: one INT is ignored", true, 1, { { 5, 2 } }, { "nothing" }, 3 },
	{ "terminal: the second INT asks", true, 2, { { 5, 2 }, { 5, 2 } }, { "nothing", "ask" }, 4 },
	{ "terminal: a TERM is no INT", true, 3, { { 5, 15 }, { 5, 15 }, { 6, 2 } }, { "nothing", "nothing", "nothing" }, 3 },
	{ "terminal: the INT that cancelled was the first", true, 2, { { 2, 2 }, { 3, 2 } }, { "cancel", "ask" }, 4 },
	{ "terminal: cancelled by TERM, one INT is the first", true, 2, { { 2, 15 }, { 3, 2 } }, { "cancel", "nothing" }, 143 },
	{ "no terminal: INT never stops it", false, 3, { { 5, 2 }, { 5, 2 }, { 6, 2 } }, { "nothing", "nothing", "nothing" }, 3 },
	{ "no terminal: one TERM is ignored", false, 1, { { 5, 15 } }, { "nothing" }, 3 },
	{ "no terminal: the second TERM stops", false, 2, { { 5, 15 }, { 5, 15 } }, { "nothing", "stop after this undo" }, 4 },
	{ "no terminal: the TERM that cancelled was the first", false, 2, { { 2, 15 }, { 3, 15 } }, { "cancel", "stop after this undo" }, 4 },
	{ "no terminal: cancelled by INT, one TERM is the first", false, 2, { { 2, 2 }, { 3, 15 } }, { "cancel", "nothing" }, 130 },
	{ "no terminal: HUP and INT are no TERM", false, 3, { { 2, 1 }, { 3, 2 }, { 3, 15 } }, { "cancel", "nothing", "nothing" }, 129 },
};

/* Who cancels, and why: in the record and in the cause; and as ever if nobody said. */
static void reasons(void **state)
{
	static const struct { const char *by, *why, *record, *cause; } rows[] = {
		{ NULL, NULL, "\"does\":\"cancel\"\n", "\"text\":\"cancelled by signal TERM\"" },
		{ "kim", NULL, "\"does\":\"cancel\",\"by\":\"kim\",\"uid\":1000\n", "\"text\":\"cancelled by kim\"" },
		{ "kim", "the disk is full", "\"does\":\"cancel\",\"by\":\"kim\",\"uid\":1000,\"why\":\"the disk is full\"\n",
		  "\"text\":\"cancelled by kim: the disk is full\"" },
	};
	static const int term[][2] = { { 2, 15 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct world w;

		world_init(&w);
		w.script = term;
		w.script_count = 1;
		w.signal_by = rows[i].by;
		w.signal_why = rows[i].why;
		assert_int_equal(world_run(&w, HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n"
					       "  - {id: b, run: [ok], rollback: [{run: [ok, ub]}]}\n  - {run: [ok], rollback: []}\n").exit, 143);
		if (!strstr(w.records.p, rows[i].record) || !strstr(w.records.p, rows[i].cause))
			fail_msg("row %zu:\n%s", i, w.records.p);
		world_release(&w);
	}
}

static void run_signals(void **state)
{
	const struct signals_case *c = *state;
	const char *at;
	struct world w;

	world_init(&w);
	w.interactive = c->interactive;
	w.answer = "stop";
	w.script = c->script;
	w.script_count = c->count;
	assert_int_equal(world_run(&w, HEAD "act:\n  - {id: a, run: [ok], rollback: [{run: [ok, ua]}]}\n  - {id: b, run: [ok], rollback: [{run: [ok, ub]}]}\n"
				       "  - {id: c, run: [ok], rollback: [{run: [ok, uc]}]}\n  - {id: d, run: [no], effect: read}\n").exit, c->exit);
	at = w.records.p;
	for (int i = 0; i < c->count; i++) {
		char want[64];

		snprintf(want, sizeof(want), "\"does\":\"%s\"", c->does[i]);
		at = strstr(at, "\"does\":");
		assert_non_null(at);
		assert_memory_equal(at, want, strlen(want));
		at++;
	}
	assert_true(!strstr(w.trace.p, "ask") == !(c->interactive && c->exit == 4));
	world_release(&w);
}

/* One sync per sequential durable step. */
static void test_syncs(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(world_run(&w, HEAD "act:\n  - {id: a, foreach: range(100), run: [ok], rollback: []}\n").exit, 0);
	assert_true(w.syncs <= 100 + 10);
	world_release(&w);
}

int main(void)
{
	enum { N = sizeof(cases) / sizeof(*cases), S = sizeof(signal_cases) / sizeof(*signal_cases) };
	struct CMUnitTest tests[N + 7 + S];

	for (int i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){ cases[i].name, run_case, NULL, NULL, (void *)(uintptr_t)&cases[i] };
	tests[N] = (struct CMUnitTest)cmocka_unit_test(test_cancel_everywhere);
	tests[N + 1] = (struct CMUnitTest)cmocka_unit_test(test_journal_failure);
	tests[N + 2] = (struct CMUnitTest)cmocka_unit_test(test_syncs);
	tests[N + 4] = (struct CMUnitTest)cmocka_unit_test(test_loop_cut_short);
	tests[N + 3] = (struct CMUnitTest)cmocka_unit_test(test_held_ends);
	tests[N + 5] = (struct CMUnitTest)cmocka_unit_test(test_dry_block);
	tests[N + 6] = (struct CMUnitTest)cmocka_unit_test(reasons);
	for (int i = 0; i < S; i++)
		tests[N + 7 + i] = (struct CMUnitTest){ signal_cases[i].name, run_signals, NULL, NULL, (void *)(uintptr_t)&signal_cases[i] };
	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
