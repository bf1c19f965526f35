"""What jupyter_kernel_test leaves out: hostile messages, interrupt, restart, rate limits, dropped requests, loopback."""
import json
import sys
import time
import unittest

import zmq
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_client.session import Session

NAME = sys.argv[1]
WAIT = 90


def outputs(client, msg_id, wait=WAIT):
    """All iopub messages of a request, until the kernel is idle again."""
    found = []
    end = time.time() + wait
    while time.time() < end:
        message = client.get_iopub_msg(timeout=wait)
        if message["parent_header"].get("msg_id") != msg_id:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return found
        found.append(message)
    raise TimeoutError(msg_id)


def reply(client, msg_id):
    while True:
        message = client.get_shell_msg(timeout=WAIT)
        if message["parent_header"].get("msg_id") == msg_id:
            return message["content"]


def text(found, name="stdout"):
    return "".join(m["content"]["text"] for m in found if m["msg_type"] == "stream" and m["content"]["name"] == name)


class ProtocolTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.log = open(sys.argv[2], "w+")
        cls.manager, cls.client = start_new_kernel(kernel_name=NAME, startup_timeout=WAIT, stderr=cls.log)

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def run_cell(self, code, **options):
        msg_id = self.client.execute(code, **options)
        found = outputs(self.client, msg_id)
        return found, reply(self.client, msg_id)

    def raw(self, frames):
        """Sends frames as they are; gives what comes back within half a second."""
        context = zmq.Context.instance()
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{self.manager.shell_port}")
        socket.send_multipart(frames)
        answer = socket.recv_multipart() if socket.poll(500) else None
        socket.close()
        return answer

    def signed(self, msg_type="kernel_info_request", key=None):
        session = Session(key=key if key is not None else self.manager.session.key)
        return session.serialize(session.msg(msg_type, {}))

    def test_hostile_messages_are_dropped_and_logged(self):
        good = self.signed()
        self.assertIsNotNone(self.raw(good))
        self.assertIsNone(self.raw(good), "a replayed message was answered")
        self.assertIsNone(self.raw(self.signed(key=b"wrong")), "a wrongly signed message was answered")
        changed = self.signed()
        changed[2] = changed[2].replace(b"kernel_info_request", b"shutdown_request")
        self.assertIsNone(self.raw(changed))
        for frames in ([b""], [b"x"] * 3, [b"<IDS|MSG>"], [b"<IDS|MSG>", b"00", b"{", b"}", b"", b""], [b"a"] * 500,
                       [b"<IDS|MSG>", b"\xff" * 64, b"\x00", b"{}", b"{}", b"{}"]):
            self.assertIsNone(self.raw(frames))
        found, content = self.run_cell("1 + 1")
        self.assertEqual(content["status"], "ok")
        with open(sys.argv[2]) as log:
            logged = log.read()
        for expected in ("replayed", "wrong signature", "malformed"):
            self.assertIn(expected, logged)

    def test_sockets_listen_on_loopback_only(self):
        listening = []
        for name in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(name) as table:
                rows = [line.split() for line in table.readlines()[1:]]
            listening += [row[1] for row in rows if row[3] == "0A"]
        for port in (self.manager.shell_port, self.manager.iopub_port, self.manager.control_port, self.manager.stdin_port, self.manager.hb_port):
            addresses = [address for address in listening if int(address.split(":")[1], 16) == port]
            self.assertEqual(addresses, [f"0100007F:{port:04X}"])

    def test_heartbeat_beats_while_a_cell_runs(self):
        msg_id = self.client.execute("System.Threading.Thread.Sleep(1500);")
        socket = zmq.Context.instance().socket(zmq.REQ)
        socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{self.manager.hb_port}")
        socket.send(b"ping")
        self.assertTrue(socket.poll(1000))
        self.assertEqual(socket.recv(), b"ping")
        socket.close()
        outputs(self.client, msg_id)
        reply(self.client, msg_id)

    def test_updates_go_by_display_id(self):
        found, _ = self.run_cell('var d = display("0 %");\nfor (int i = 1; i <= 1000; i++) d.Update($"{i} %");')
        shown = [m for m in found if m["msg_type"] == "display_data"]
        updates = [m for m in found if m["msg_type"] == "update_display_data"]
        self.assertEqual(len(shown), 1)
        self.assertEqual({m["content"]["transient"]["display_id"] for m in updates}, {shown[0]["content"]["transient"]["display_id"]})
        self.assertEqual(updates[-1]["content"]["data"]["text/plain"], "1000 %")
        self.assertLess(len(updates), 20)

    def test_native_and_managed_output_both_arrive(self):
        found, _ = self.run_cell('using System.Runtime.InteropServices;\n[DllImport("libc")] static extern int puts(string s);\nputs("native");\nConsole.WriteLine("managed");')
        self.assertEqual(sorted(text(found).split()), ["managed", "native"])

    def test_ten_megabytes_are_cut_and_counted(self):
        found, content = self.run_cell("for (int i = 0; i < 100_000; i++) Console.WriteLine(new string('x', 100));")
        self.assertEqual(content["status"], "ok")
        self.assertEqual(len(text(found)), 500_000)
        self.assertIn("9,600,000 more characters of standard output left out", text(found, "stderr"))
        self.assertLess(len(found), 200)

    def test_error_drops_what_waits_in_line(self):
        ids = [self.client.execute(code) for code in ('throw new Exception("first");', "Console.WriteLine(2);", "3")]
        replies = [reply(self.client, msg_id) for msg_id in ids]
        self.assertEqual([r["status"] for r in replies], ["error", "aborted", "aborted"])
        self.assertEqual(replies[0]["ename"], "Exception")
        _, content = self.run_cell("1")
        self.assertEqual(content["status"], "ok")

    def stopped(self, code, seconds=5):
        """Interrupts a cell after a second; it must end soon, and the variables of before must be there."""
        self.run_cell("var kept = 40;")
        msg_id = self.client.execute(code)
        time.sleep(1)
        begin = time.time()
        self.manager.interrupt_kernel()
        found = outputs(self.client, msg_id)
        took = time.time() - begin
        self.assertEqual(reply(self.client, msg_id)["ename"], "Interrupted", code)
        self.assertEqual(found[-1]["msg_type"], "error")
        self.assertLess(took, seconds, code)
        self.assertEqual(self.run_cell("kept + 2")[0][-1]["content"]["data"]["text/plain"], "42")
        return text(found, "stderr")

    def test_interrupt_stops_what_a_reader_writes(self):
        for code in ("for (int i = 0; ; i++) { Console.Write('.'); System.Threading.Thread.Sleep(10); }",
                     "while (true) { }",
                     "double Sum() { double s = 0; for (long i = 0; ; i++) s += Math.Sqrt(i); }\nSum()",
                     "while (true) await Task.Delay(50);",
                     "await Task.Delay(-1);",
                     "System.Threading.Thread.Sleep(-1);",
                     "Task.Delay(-1).Wait();"):
            with self.subTest(code):
                self.assertEqual(self.stopped(code), "")

    def test_interrupt_stops_loops_over_tensors(self):
        library = sys.argv[3]
        _, content = self.run_cell(f'#r "{library}/Retort.Torch.dll"\n#r "{library}/Retort.dll"\nusing static TorchSharp.torch;')
        self.assertEqual(content["status"], "ok", content)
        for code in ("var x = zeros(4, 4); while (true) { using var scope = NewDisposeScope(); x.add_(1); }",
                     # No loop of the cell's own: the operator looks.
                     "Enumerable.Range(0, int.MaxValue).Select(i => zeros(4).add_(i)).Select(t => { t.Dispose(); return 1L; }).Sum()",
                     "Enumerable.Range(0, int.MaxValue).Aggregate(zeros(4), (sum, i) => sum.add_(i))"):
            with self.subTest(code):
                self.assertEqual(self.stopped(code), "")

    def test_interrupt_of_a_training_run_leaves_its_checkpoint(self):
        library, folder = sys.argv[3], sys.argv[4]
        _, content = self.run_cell(f'''#r "{library}/Retort.Torch.dll"
#r "{library}/Retort.dll"
using Retort.Training;
using static TorchSharp.torch;
var model = nn.Linear(4, 1);
double Slow() {{ double s = 0; for (int i = 0; i < 2_000_000; i++) s += Math.Sqrt(i); return s; }}
var train = new TrainTask {{ Model = model, Step = c => {{ Slow(); return model.forward(ones(2, 4)).pow(2).mean(); }}, Order = _ => new[] {{ 0 }}, Rate = _ => 0.001, Settings = 1 }};''')
        self.assertEqual(content["status"], "ok", content)
        self.stopped(f'TrainLoop.Run(train, new TrainSettings {{ Steps = 1_000_000 }}, "{folder}")', seconds=10)
        found, content = self.run_cell(f'System.IO.Directory.GetFiles("{folder}", "*", System.IO.SearchOption.AllDirectories).Length > 1')
        self.assertEqual(found[-1]["content"]["data"]["text/plain"], "true")

    def test_input_is_asked_for_and_refused_where_nobody_can_be_asked(self):
        _, content = self.run_cell("Console.ReadLine()", allow_stdin=False)
        self.assertIn("no standard input", content["evalue"])
        msg_id = self.client.execute('Console.Write("name? ");\nvar asked = Console.ReadLine() + "!";\nasked', allow_stdin=True)
        question = self.client.get_stdin_msg(timeout=WAIT)
        self.assertEqual(question["msg_type"], "input_request")
        self.client.input("Ada")
        found = outputs(self.client, msg_id)
        self.assertEqual(reply(self.client, msg_id)["status"], "ok")
        self.assertEqual(found[-1]["content"]["data"]["text/plain"], "Ada!")
        # A question can be stopped, too.
        msg_id = self.client.execute("Console.ReadLine()", allow_stdin=True)
        self.client.get_stdin_msg(timeout=WAIT)
        self.manager.interrupt_kernel()
        self.assertEqual(reply(self.client, msg_id)["ename"], "Interrupted")

    def test_silent_and_unstored_cells(self):
        _, before = self.run_cell("1")
        found, content = self.run_cell("2", silent=True)
        self.assertEqual([m["msg_type"] for m in found if m["msg_type"] != "status"], [])
        found, content = self.run_cell("3", store_history=False)
        self.assertEqual(content["execution_count"], before["execution_count"])
        self.assertEqual(self.run_cell("4")[1]["execution_count"], before["execution_count"] + 1)

    def test_completion_counts_code_points(self):
        self.run_cell("var häuser = 1;")
        code = 'var t = "😀😀"; häu'
        msg_id = self.client.complete(code, len(code))
        content = reply(self.client, msg_id)
        self.assertEqual(content["matches"], ["häuser"])
        self.assertEqual((content["cursor_start"], content["cursor_end"]), (len(code) - 3, len(code)))

    def test_inspect_shows_declaration_and_variables(self):
        self.run_cell("var answer = 42;")
        content = reply(self.client, self.client.inspect("answer", 3))
        self.assertIn("answer", content["data"]["text/plain"])
        content = reply(self.client, self.client.inspect("string.Join(", 12))
        self.assertIn("Join(", content["data"]["text/plain"])
        self.assertIn("overloads", content["data"]["text/plain"])
        self.assertFalse(reply(self.client, self.client.inspect("nothing_here", 3))["found"])

    def test_comms_are_answered_and_closed(self):
        self.assertEqual(reply(self.client, self.client.comm_info())["comms"], {})
        session = self.client.session
        message = session.msg("comm_open", {"comm_id": "c1", "target_name": "x", "data": {}})
        self.client.shell_channel.send(message)
        found = outputs(self.client, message["header"]["msg_id"])
        self.assertIn("comm_close", [m["msg_type"] for m in found])

    def test_z_native_wait_is_answered_honestly_and_restart_works(self):
        msg_id = self.client.execute('using System.Runtime.InteropServices;\n[DllImport("libc")] static extern int pause();\npause();')
        time.sleep(2)
        self.manager.interrupt_kernel()
        said = ""
        end = time.time() + WAIT
        while "Restart the kernel" not in said and time.time() < end:
            message = self.client.get_iopub_msg(timeout=WAIT)
            if message["msg_type"] == "stream":
                said += message["content"]["text"]
        self.assertIn("Restart the kernel", said)
        begin = time.time()
        self.manager.restart_kernel(now=False)
        self.client.wait_for_ready(timeout=WAIT)
        found, content = self.run_cell("answer_of_before_restart")
        self.assertEqual(content["status"], "error")
        print(json.dumps({"restart_seconds": time.time() - begin}))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"] + sys.argv[5:])
