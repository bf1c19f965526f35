using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What an optimizer remembers of one parameter. Its tensors lie in no dispose scope.</summary>
public abstract class OptimizerState
{
    private protected readonly Parameter parameter;

    protected OptimizerState(Parameter parameter) => this.parameter = parameter;

    /// <summary>The state before the first step.</summary>
    public virtual void Initialize(OptimizerOptions options) { }

    /// <summary>Takes over copies of another state's values.</summary>
    public abstract void LoadStateDict(OptimizerState source);

    /// <summary>Writes the state in TorchSharp's own format.</summary>
    public abstract void SaveStateDict(BinaryWriter writer);

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote, into tensors of the same shapes.</summary>
    public abstract void LoadStateDict(BinaryReader reader);

    protected static void SaveConditionalStateTensor(BinaryWriter writer, Tensor? tensor)
    {
        writer.Write(tensor is not null);
        tensor?.Save(writer);
    }

    protected static void LoadConditionalStateTensor(BinaryReader reader, ref Tensor result, Device device)
    {
        if (!reader.ReadBoolean())
        {
            result?.Dispose();
            result = null!;
            return;
        }
        using var read = TensorExtensionMethods.Load(reader);
        result?.Dispose();
        result = read.to(device, copy: true).DetachFromDisposeScope();
    }

    public virtual bool ApproximatelyEquals(OptimizerState other) => false;

    public virtual void to(Device device) { }

    private protected Tensor Zeros() => Kernels.ZerosLike.Call(parameter).DetachFromDisposeScope();

    private protected void Renew(ref Tensor tensor)
    {
        tensor?.Dispose();
        tensor = Zeros();
    }

    private protected void Take(ref Tensor? tensor, Tensor? source)
    {
        if (ReferenceEquals(tensor, source))
        {
            return;
        }
        tensor?.Dispose();
        tensor = null;
        if (source is not null)
        {
            using var guard = no_grad();
            tensor = Zeros();
            Kernels.Copy.Run(tensor, source);
        }
    }

    private protected static void Move(ref Tensor? tensor, Device device)
    {
        if (tensor is null)
        {
            return;
        }
        var moved = tensor.to(device).DetachFromDisposeScope();
        if (!ReferenceEquals(moved, tensor))
        {
            tensor.Dispose();
            tensor = moved;
        }
    }

    private protected static bool Close(Tensor? a, Tensor? b) => a is null ? b is null : b is not null && a.allclose(b);
}
