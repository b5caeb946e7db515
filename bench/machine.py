# SPDX-License-Identifier: Apache-2.0
"""What a run was made on: kinds and versions, and nothing that names a host or a place."""
import datetime
import importlib.metadata
import os
import platform
import re
import subprocess


def said(*command):
    """All that a command prints, or nothing."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=20).stdout
    except OSError:
        return ""


def found(pattern, text):
    match = re.search(pattern, text, re.M)
    return match.group(1).strip() if match else "unknown"


def read(path):
    with open(path) as file:
        return file.read()


def packages():
    """Those that the peer uses, by name and version."""
    for name in ("Flask", "pymongo", "gunicorn", "Flask-JWT-Extended", "Flask-Bcrypt"):
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass


def describe(orgd, store_server):
    versions = dict(line.split(" ", 1) for line in said(orgd, "-V").splitlines() if " " in line)
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "cpu": found(r"^model name\s*:\s*(.*)$", read("/proc/cpuinfo")),
        "memory_gb": round(int(found(r"^MemTotal:\s*(\d+)", read("/proc/meminfo"))) * 1024 / 1e9, 1),
        "kernel": found(r"^(\d+\.\d+)", platform.release()),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "versions": {
            **versions,
            "nginx": found(r"nginx/(\S+)", said("nginx", "-v")),
            "wrk": found(r"(\d+(?:\.\d+)+)", said("wrk", "-v")),
            "compiler": said("cc", "--version").split("\n")[0],
            "libmongoc": said("pkg-config", "--modversion", "libmongoc-1.0").strip() or "none",
            "store server": store_server,
            "python": platform.python_version(),
            **dict(packages()),
        },
    }
