namespace TorchSharp;

/// <summary>
/// The stop button of a notebook, looked at by every operator: a loop over tensors stops wherever it stands. A host keeps a
/// flag (is any cell to stop?) and a function (throw if this code is one of them) in the process's AppContext before it loads
/// this library; where there is none, the check is one load of a constant.
/// </summary>
internal static class HostStop
{
    private static readonly bool[] Pending = AppContext.GetData("Retort.Interrupt.Pending") as bool[] ?? new bool[1];

    /// <summary>Ends the calling code with an <see cref="OperationCanceledException"/> if its cell is to stop.</summary>
    internal static void Check()
    {
        if (Pending[0]) (AppContext.GetData("Retort.Interrupt.Check") as Action)?.Invoke();
    }
}
