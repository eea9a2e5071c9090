"""Who answers for a report: its manifest signed with an SSH key, and the signature verified, both offline.

The standard tool is ssh-keygen of OpenSSH 8.1 or newer (``-Y sign``, ``-Y verify``). The file of signers is the one
that it takes: a line a person, the name, then the public key. What is signed is the manifest, which names every file of
the report by its checksum.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cwi.errors import DataError
from cwi.folders import relative, root
from cwi.textfiles import read_text

__all__ = ["NAMESPACE", "SIGNERS", "Signature", "sign_manifest", "signature_of"]

NAMESPACE = "cwi-report"
SIGNERS = "signers"  # in the project's folder
TOOL = "ssh-keygen"
TIME = 30  # seconds


@dataclass(frozen=True)
class Signature:
    """Whether a manifest is signed, whether the signature holds, and whose it is."""

    signed: bool
    holds: bool
    signer: str = ""
    sentence: str = ""


def sign_manifest(report: Path, key: Path) -> Path:
    """Sign the manifest of a report with a private SSH key; the signature is manifest.json.sig beside it.

    Raises
    ------
    DataError
        If there is no manifest, no key or no ssh-keygen, or it refuses the key.
    """
    manifest = report / "manifest.json"
    for path, what in ((manifest, "make the report first"), (key, "name a private key, such as ~/.ssh/id_ed25519")):
        if not path.is_file():
            raise DataError(f"{relative(path)}: there is no such file; {what}")
    signature = report / "manifest.json.sig"
    signature.unlink(missing_ok=True)
    done = _run("-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(manifest))
    if done.returncode or not signature.is_file():
        raise DataError(f"{relative(manifest)}: it could not be signed: {done.stderr.strip().splitlines()[-1]}")
    return signature


def signature_of(report: Path, signers: Path | None = None) -> Signature:
    """Whose signature the manifest of a report has, and whether it holds.

    Parameters
    ----------
    report
        The folder of the report.
    signers
        Whom a signature is accepted of; the file ``signers`` of the project by default.
    """
    manifest, signature = report / "manifest.json", report / "manifest.json.sig"
    if not signature.is_file():
        return Signature(False, False, sentence="the manifest is not signed")
    signers = signers or root() / SIGNERS
    if shutil.which(TOOL) is None:
        return Signature(True, False, sentence=f"the manifest is signed, and {TOOL} is not there to verify it")
    if not signers.is_file():
        return Signature(True, False, sentence=f"the manifest is signed, and {relative(signers)} names no signers")
    for line in read_text(signers, DataError).splitlines():
        name = line.split(" ", 1)[0].split(",")[0]
        if not name or name.startswith("#"):
            continue
        words = ("-Y", "verify", "-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", str(signature))
        if _run(*words, given=manifest.read_bytes()).returncode == 0:
            return Signature(True, True, name, f"the manifest is signed by {name}, and the signature holds")
    return Signature(
        True, False, sentence=f"the manifest is signed, and the signature is of nobody in {relative(signers)}, or the "
        "manifest was changed after it was signed",
    )  # fmt: skip


def _run(*words: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    tool = shutil.which(TOOL)
    if tool is None:
        raise DataError(f"{TOOL} is not there; it comes with OpenSSH 8.1 or newer")
    done = subprocess.run([tool, *words], input=given, capture_output=True, check=False, timeout=TIME)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
