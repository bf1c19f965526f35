"""Times of the kernel: start to first result, trivial cells, 100 cells, memory. Usage: kernel_bench.py KERNEL-NAME"""
import sys
import time

from jupyter_client.manager import start_new_kernel


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


begin = time.time()
manager, client = start_new_kernel(kernel_name=sys.argv[1], startup_timeout=120)


def run(code):
    start = time.time()
    content = client.execute_interactive(code, output_hook=lambda message: None, timeout=120)["content"]
    assert content["status"] == "ok", content
    return time.time() - start


run("1 + 1")
print(f"start to first result: {time.time() - begin:.2f} s (aim 3)")
for index in range(10):
    run(f"var warm{index} = {index};")
times = sorted(run(f"1 + {index}") for index in range(20))
print(f"trivial cell after the first ten: median {1000 * times[10]:.0f} ms, worst {1000 * times[-1]:.0f} ms (aim 30)")
start = time.time()
for index in range(100):
    run(f'var x{index} = new List<int> {{ {index} }};\nConsole.WriteLine(x{index}.Sum());\nx{index}.Count')
print(f"100 cells: {time.time() - start:.1f} s (aim 10)")
pid = manager.provisioner.pid if hasattr(manager, "provisioner") else manager.kernel.pid
print(f"resident after them: {resident(pid):.0f} MB (aim 500)")
client.stop_channels()
manager.shutdown_kernel()
