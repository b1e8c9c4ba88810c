"""Signatures of ssh keys."""
import subprocess
from pathlib import Path


def signer(text: bytes, signature: Path, signers: Path, namespace: str) -> str | None:
    """Who signed a text, if it is one of the allowed signers; None if nobody of them did."""
    if not signature.is_file():
        return None
    files = ["-s", str(signature), "-f", str(signers)]
    command = ["ssh-keygen", "-Y", "find-principals", *files]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    for name in found.stdout.splitlines():
        command = ["ssh-keygen", "-Y", "verify", *files, "-I", name, "-n", namespace]
        if subprocess.run(command, input=text, capture_output=True, check=False).returncode == 0:
            return name
    return None
