#!/usr/bin/env python3
"""terminal.py [STEP...] -- COMMAND...: runs COMMAND on a terminal of its own.

Steps, in order: `see TEXT` waits until the terminal has shown TEXT (after what
was seen before), `type TEXT` types it and Enter, `key TEXT` types it without
Enter (^C is Ctrl-C, ^D Ctrl-D), `file NAME` waits for a file, `make NAME` makes
one, `sh COMMAND` runs one beside it, `hang` takes the terminal away (the last step). What was shown goes to standard output; the exit code is the command's, 98
if a step waited 10 s in vain, 99 if the command did not end.
"""
import os, pty, select, signal, sys, time

def main():
    split = sys.argv.index("--")
    steps, command = sys.argv[1:split], sys.argv[split + 1:]
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL) # whoever started us may ignore it
        os.execvp(command[0], command)
    shown, at, code = b"", 0, None

    def pump(seconds):
        nonlocal shown
        if not select.select([fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        shown += data
        return bool(data)

    def give_up(why, code):
        sys.stdout.flush()
        sys.stdout.buffer.write(shown + ("\nterminal.py: " + why + "\n").encode())
        sys.stdout.flush()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        sys.exit(code)

    for step in steps:
        what, _, text = step.partition(" ")
        until = time.monotonic() + 10
        if what == "see":
            while text.encode() not in shown[at:]:
                if time.monotonic() > until:
                    give_up("never shown: " + text, 98)
                if not pump(0.1):
                    break
            found = shown.find(text.encode(), at)
            if found < 0:
                give_up("ended without: " + text, 98)
            at = found + len(text.encode())
        elif what == "file":
            while not os.path.exists(text):
                pump(0.02)
                if time.monotonic() > until:
                    give_up("no file: " + text, 98)
        elif what == "sh":
            os.system(text)
        elif what == "make":
            open(text, "w").close()
        elif what in ("type", "key"):
            data = text.replace("^C", "\x03").replace("^D", "\x04") + ("\r" if what == "type" else "")
            os.write(fd, data.encode())
        elif what == "hang":
            os.close(fd)
            until = time.monotonic() + 20
            while code is None and time.monotonic() < until:
                time.sleep(0.02)
                done, status = os.waitpid(pid, os.WNOHANG)
                code = os.waitstatus_to_exitcode(status) if done else None
            if code is None:
                give_up("the command did not end", 99)
            sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
            sys.stdout.flush()
            sys.exit(code if code >= 0 else 128 - code)
        else:
            give_up("what is " + step, 98)
    until = time.monotonic() + 20
    while pump(0.1):
        if time.monotonic() > until:
            give_up("the command did not end", 99)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            while select.select([fd], [], [], 0)[0] and pump(0):
                pass
            break
    if code is None:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    sys.stdout.flush()
    sys.exit(code if code >= 0 else 128 - code)

main()
