"""Modules that come with Python, now or in an earlier version."""

from __future__ import annotations

import sys

_FORMER = frozenset(
    {
        "BaseHTTPServer",
        "CGIHTTPServer",
        "ConfigParser",
        "Cookie",
        "HTMLParser",
        "Queue",
        "ScrolledText",
        "SimpleHTTPServer",
        "SocketServer",
        "StringIO",
        "Tkinter",
        "UserDict",
        "UserList",
        "UserString",
        "__builtin__",
        "_winreg",
        "asynchat",
        "asyncore",
        "audioop",
        "binhex",
        "cPickle",
        "cStringIO",
        "cgi",
        "cgitb",
        "chunk",
        "commands",
        "cookielib",
        "copy_reg",
        "crypt",
        "distutils",
        "dummy_thread",
        "exceptions",
        "formatter",
        "htmlentitydefs",
        "httplib",
        "imghdr",
        "imp",
        "lib2to3",
        "macpath",
        "mailcap",
        "md5",
        "mimetools",
        "msilib",
        "new",
        "nis",
        "nntplib",
        "ossaudiodev",
        "parser",
        "pipes",
        "popen2",
        "repr",
        "rfc822",
        "robotparser",
        "sets",
        "sha",
        "smtpd",
        "sndhdr",
        "spwd",
        "sre",
        "sunau",
        "symbol",
        "telnetlib",
        "thread",
        "tkFileDialog",
        "tkMessageBox",
        "ttk",
        "urllib2",
        "urlparse",
        "uu",
        "xdrlib",
        "xmlrpclib",
    }
)
"""Modules that a Python had and a later one has not: who imports one means no package of that name."""


def is_standard(module: str) -> bool:
    """Whether a module belongs to a Python itself, or did once."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in _FORMER or top == "__main__"
