// Trains TinyProblem in a folder and kills itself with SIGKILL: "step N" before step N, "writing N" while the first
// checkpoint after step N is being written, "after N" N milliseconds after the first step, "never". With "term N" it sends
// itself SIGTERM before step N and ends with 3 once the run has stopped.

using System.Runtime.InteropServices;
using Retort.Tests.Child;
using Retort.Training;

var (folder, how, at) = (args[0], args[1], long.Parse(args[2]));
using var stop = new StopSignal();

void BeforeStep(long step)
{
    switch (how)
    {
        case "step" when step == at:
            Kill();
            break;
        case "term" when step == at:
            kill(Environment.ProcessId, 15);
            stop.Token.WaitHandle.WaitOne();
            break;
        case "writing" when step == at:
            Watch(() =>
            {
                while (Directory.GetFiles(Path.Combine(folder, "checkpoints"), ".*.tmp").Length == 0)
                {
                    Thread.SpinWait(10);
                }
            });
            break;
        case "after" when step > 0:
            how = "";
            Watch(() => Thread.Sleep((int)at));
            break;
    }
}

static void Watch(Action wait) => new Thread(() =>
{
    wait();
    Kill();
})
{ IsBackground = true }.Start();

static void Kill()
{
    kill(Environment.ProcessId, 9);
    Thread.Sleep(Timeout.Infinite);
}

[DllImport("libc")]
static extern int kill(int process, int signal);

using var problem = new TinyProblem(3, 64, BeforeStep, ballast: 1 << 20);
try
{
    TrainLoop.Run(problem.Task, TinyProblem.Settings, folder, cancel: stop.Token);
    return 0;
}
catch (OperationCanceledException)
{
    return 3;
}
