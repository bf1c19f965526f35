namespace Retort.Training;

/// <summary>Where one run says how far it is. Safe for use by several threads at once.</summary>
public sealed class RunProgress
{
    private readonly Progress owner;
    private readonly Dictionary<string, double> values = [];
    private RunPhase phase = RunPhase.Waiting;
    private long step, total, firstStep = -1;
    private TimeSpan began, ended;
    private string note = "";

    internal RunProgress(Progress owner, string name) => (this.owner, Name) = (owner, name);

    /// <summary>The run's name.</summary>
    public string Name { get; }

    /// <summary>The run has begun; its time counts from here.</summary>
    public void Begin() => owner.Change(() => Start(), now: true);

    /// <summary>So many steps are done, and this was measured last.</summary>
    /// <param name="done">steps done, those before a resume counted</param>
    /// <param name="all">steps in all</param>
    /// <param name="measured">newest values; names that are left out keep theirs</param>
    public void Report(long done, long all, IReadOnlyDictionary<string, double>? measured = null) => owner.Change(() =>
    {
        Start();
        if (firstStep < 0)
        {
            firstStep = done;
            began = owner.Now;
        }
        (step, total) = (done, all);
        foreach (var (name, value) in measured ?? new Dictionary<string, double>())
        {
            values[name] = value;
        }
    }, now: false);

    /// <summary>The run has ended.</summary>
    /// <param name="remark">a remark shown beside it</param>
    public void Done(string remark = "") => owner.Change(() => End(RunPhase.Done, remark), now: true);

    /// <summary>The run has failed.</summary>
    /// <param name="reason">why, in a line</param>
    public void Failed(string reason) => owner.Change(() => End(RunPhase.Failed, reason), now: true);

    internal RunState State()
    {
        var seconds = phase == RunPhase.Waiting ? 0 : ((phase == RunPhase.Running ? owner.Now : ended) - began).TotalSeconds;
        double? left = phase == RunPhase.Running && step > firstStep && firstStep >= 0 && total >= step ? seconds / (step - firstStep) * (total - step) : null;
        return new RunState(Name, phase, step, total, new Dictionary<string, double>(values), seconds, left, note);
    }

    private void Start()
    {
        if (phase != RunPhase.Running)
        {
            (phase, began, note) = (RunPhase.Running, owner.Now, "");
        }
    }

    private void End(RunPhase last, string remark)
    {
        Start();
        (phase, ended, note) = (last, owner.Now, remark);
    }
}
