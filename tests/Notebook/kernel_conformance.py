"""Runs Debian's python3-jupyter-kernel-test against the kernel named on the command line."""
import sys
import unittest

import jupyter_kernel_test


class KernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = sys.argv[1]
    language_name = "C#"
    file_extension = ".cs"
    code_hello_world = 'Console.WriteLine("hello, world");'
    code_stderr = 'Console.Error.WriteLine("oops");'
    completion_samples = [
        {"text": "Console.WriteL", "matches": {"WriteLine"}},
        {"text": "Mat", "matches": {"Math", "MathF"}},
        {"text": "var s = \"a\"; s.ToUp", "matches": {"ToUpper", "ToUpperInvariant"}},
        {"text": "new[] { 1 }.Sel", "matches": {"Select", "SelectMany"}},
    ]
    complete_code_samples = ["#!time\n1", "x?", "var x = 1;", "1 + 1", "for (int i = 0; i < 3; i++) { }", ""]
    incomplete_code_samples = ["for (int i = 0;", "var x = new[] { 1,", "if (true) {"]
    invalid_code_samples = ["int x = );", "#!share x"]
    code_inspect_sample = "Math.Max"
    code_generate_error = 'throw new ArgumentException("x");'
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": '"a" + "b"', "result": "ab"}]
    code_display_data = [
        {"code": 'HTML("<b>x</b>").Display();', "mime": "text/html"},
        {"code": 'display("x", "text/markdown");', "mime": "text/markdown"},
    ]
    code_history_pattern = "6 ? *"
    supported_history_operations = ("tail", "range", "search")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
