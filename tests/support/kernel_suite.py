"""The public `jupyter_kernel_test` suite against the kernel `dep`; run by `test_hosts` in a prepared folder."""

from __future__ import annotations

from typing import ClassVar

import jupyter_kernel_test


class DepKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "dep"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('made')"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    code_inspect_sample = "zip"
    code_execute_result: ClassVar = [{"code": "1 + 2", "result": "3"}]
    code_display_data: ClassVar = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"}
    ]
    code_history_pattern = "1?2*"
    # range and search come from the history database, which ipykernel itself writes too late for the suite in an empty home
    supported_history_operations = ("tail",)
    completion_samples: ClassVar = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples: ClassVar = ["1", "print('x')", "def f():\n  return 1\n\n"]
    incomplete_code_samples: ClassVar = ["for i in range(3):", "'''x", "def f():"]
    invalid_code_samples: ClassVar = ["x 7 $$"]
