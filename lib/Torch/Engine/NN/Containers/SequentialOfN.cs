using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

// Chains whose first step takes other things than one tensor, or whose last gives something else. What runs them is forward, which the
// user's class writes. C# needs a class for each number of arguments; what they do stands once, in StepList.

/// <summary>The steps of a chain, each named by its place where it has no name.</summary>
internal sealed class StepList(nn.Module owner)
{
    private readonly List<nn.Module> steps = [];

    internal int Count => steps.Count;

    internal nn.Module this[int index] => steps[index];

    internal void Add(string? name, nn.Module step)
    {
        owner.Chain(name ?? steps.Count.ToString(), step);
        steps.Add(step);
    }

    internal T Slice<T>(Range range, Func<int, int, T> slice) => slice(range.Start.GetOffset(Count), range.End.GetOffset(Count));

    internal NotSupportedException NoParts() => new(
        $"{owner.GetType().Name} says what it does in forward, so that a part of it is not known: override Slice to say what such a part is");
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T, TResult> : nn.Module<T, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T, TResult> Slice(int start, int end) => throw steps.NoParts();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, TResult> : nn.Module<T1, T2, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T1, T2, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T1, T2, TResult> Slice(int start, int end) => throw steps.NoParts();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, TResult> : nn.Module<T1, T2, T3, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T1, T2, T3, TResult> Slice(int start, int end) => throw steps.NoParts();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, TResult> : nn.Module<T1, T2, T3, T4, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T1, T2, T3, T4, TResult> Slice(int start, int end) => throw steps.NoParts();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, T5, TResult> : nn.Module<T1, T2, T3, T4, T5, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, T5, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, T5, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T1, T2, T3, T4, T5, TResult> Slice(int start, int end) => throw steps.NoParts();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, T5, T6, TResult> : nn.Module<T1, T2, T3, T4, T5, T6, TResult>
{
    private readonly StepList steps;

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, m => Add(m.name, m.submodule));
    }

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential))
    {
        steps = new(this);
        Array.ForEach(modules, Add);
    }

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, T5, T6, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, T5, T6, TResult> append(nn.Module module) => append(Count.ToString(), module);

    protected void Add(nn.Module module) => steps.Add(null, module);

    protected void Add(string name, nn.Module sm) => steps.Add(name, sm);

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index];

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, T6, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, T6, TResult> this[Range index] => steps.Slice(index, Slice);

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    /// <exception cref="NotSupportedException">The class does not override it.</exception>
    protected virtual Sequential<T1, T2, T3, T4, T5, T6, TResult> Slice(int start, int end) => throw steps.NoParts();
}
