using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>
/// The numbers that an update rule takes; null means the optimizer's default. An optimizer of this engine declares them as public
/// fields, in the order in which TorchSharp's files have them.
/// </summary>
public class OptimizerOptions
{
    public double? LearningRate { get; set; }
    public double InitialLearningRate { get; set; }

    /// <summary>Takes from the defaults what is null here.</summary>
    internal void FillFrom(OptimizerOptions defaults)
    {
        if (!defaults.GetType().IsInstanceOfType(this))
        {
            throw new ArgumentException($"options of type {GetType()} in an optimizer whose options are {defaults.GetType()}");
        }
        LearningRate ??= defaults.LearningRate;
        foreach (var field in DeclaredFields.Of(this))
        {
            field.SetValue(this, field.GetValue(this) ?? field.GetValue(defaults));
        }
    }

    /// <summary>Writes the options in TorchSharp's own format: numbers one after another.</summary>
    public virtual void SaveStateDict(BinaryWriter writer)
    {
        writer.Write(InitialLearningRate);
        writer.Write(LearningRate!.Value);
        foreach (var field in DeclaredFields.Of(this))
        {
            DeclaredFields.Write(writer, field.GetValue(this)!);
        }
    }

    /// <summary>Reads what <see cref="SaveStateDict"/> wrote.</summary>
    public virtual void LoadStateDict(BinaryReader reader)
    {
        InitialLearningRate = reader.ReadDouble();
        LearningRate = reader.ReadDouble();
        foreach (var field in DeclaredFields.Of(this))
        {
            field.SetValue(this, DeclaredFields.Read(reader, field.FieldType));
        }
    }

    public virtual void LoadStateDict(OptimizerOptions source)
    {
        LearningRate = source.LearningRate;
        InitialLearningRate = source.InitialLearningRate;
        foreach (var field in DeclaredFields.Of(this))
        {
            field.SetValue(this, field.GetValue(source));
        }
    }
}

/// <summary>Parameters that share options.</summary>
public class ParamGroup : ILearningRateController
{
    public IEnumerable<Parameter> Parameters { get; set; } = [];
    public OptimizerOptions Options { get; set; } = null!;

    public double LearningRate
    {
        get => Options.LearningRate!.Value;
        set => Options.LearningRate = value;
    }

    public double InitialLearningRate
    {
        get => Options.InitialLearningRate;
        set => Options.InitialLearningRate = value;
    }
}

public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
{
    public ParamGroup() { }

    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options!;
    }

    public new TOptions Options
    {
        get => (TOptions)base.Options;
        set => base.Options = value;
    }
}
