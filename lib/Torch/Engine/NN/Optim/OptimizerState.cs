using System.Reflection;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// What an optimizer remembers of one parameter. Its tensors lie in no dispose scope. An optimizer of this engine declares them, and
/// its counters, as public fields in the order in which TorchSharp's files have them.
/// </summary>
public abstract class OptimizerState
{
    private protected readonly Parameter parameter;

    protected OptimizerState(Parameter parameter) => this.parameter = parameter;

    private IEnumerable<FieldInfo> Tensors => DeclaredFields.Of(this).Where(member => member.FieldType == typeof(Tensor));

    private static bool MayBeMissing(FieldInfo field) => field.IsDefined(typeof(MayBeMissingAttribute));

    /// <summary>The state before the first step: counters and tensors zero, and no tensor where options decide whether there is one.</summary>
    public virtual void Initialize(OptimizerOptions options)
    {
        Free();
        foreach (var field in DeclaredFields.Of(this))
        {
            field.SetValue(this, field.FieldType != typeof(Tensor) ? Activator.CreateInstance(field.FieldType) : MayBeMissing(field) ? null : Zeros());
        }
    }

    /// <summary>Takes over copies of another state's values.</summary>
    public virtual void LoadStateDict(OptimizerState source)
    {
        using var guard = no_grad();
        foreach (var field in DeclaredFields.Of(this))
        {
            var (mine, theirs) = (field.GetValue(this), field.GetValue(source));
            if (ReferenceEquals(mine, theirs))
            {
                continue;
            }
            if (theirs is Tensor tensor)
            {
                theirs = Zeros();
                Aten.copy_.Run((Tensor)theirs, tensor);
            }
            (mine as Tensor)?.Dispose();
            field.SetValue(this, theirs);
        }
    }

    /// <summary>Writes the state in TorchSharp's own format.</summary>
    public virtual void SaveStateDict(BinaryWriter writer)
    {
        foreach (var field in DeclaredFields.Of(this))
        {
            var value = field.GetValue(this);
            if (MayBeMissing(field))
            {
                SaveConditionalStateTensor(writer, (Tensor?)value);
            }
            else if (value is Tensor tensor)
            {
                tensor.Save(writer);
            }
            else
            {
                DeclaredFields.Write(writer, value!);
            }
        }
    }

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote, into tensors of the same shapes.</summary>
    public virtual void LoadStateDict(BinaryReader reader)
    {
        foreach (var field in DeclaredFields.Of(this))
        {
            var value = field.GetValue(this);
            if (MayBeMissing(field))
            {
                var tensor = (Tensor)value!;
                LoadConditionalStateTensor(reader, ref tensor, parameter.device);
                field.SetValue(this, tensor);
            }
            else if (value is Tensor tensor)
            {
                tensor.Load(reader);
            }
            else
            {
                field.SetValue(this, DeclaredFields.Read(reader, field.FieldType));
            }
        }
    }

    /// <summary>Whether both states have the same counters and, nearly, the same tensors. A class of a user's own says so itself.</summary>
    public virtual bool ApproximatelyEquals(OptimizerState other) =>
        DeclaredFields.Of(this) is { Length: > 0 } fields && other.GetType() == GetType()
        && fields.All(field => (field.GetValue(this), field.GetValue(other)) switch
        {
            (null, null) => true,
            (Tensor a, Tensor b) => a.allclose(b),
            (double a, double b) => Math.Abs(a - b) <= 1e-12,
            var (a, b) => Equals(a, b),
        });

    /// <summary>Moves the state's tensors to a device.</summary>
    public virtual void to(Device device)
    {
        foreach (var field in Tensors)
        {
            if (field.GetValue(this) is Tensor tensor && tensor.to(device).DetachFromDisposeScope() is var moved && !ReferenceEquals(moved, tensor))
            {
                tensor.Dispose();
                field.SetValue(this, moved);
            }
        }
    }

    /// <summary>Disposes of the tensors.</summary>
    private protected void Free()
    {
        foreach (var field in Tensors)
        {
            (field.GetValue(this) as Tensor)?.Dispose();
        }
    }

    private protected Tensor Zeros() => Aten.zeros_like.Call(parameter).DetachFromDisposeScope();

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
}
