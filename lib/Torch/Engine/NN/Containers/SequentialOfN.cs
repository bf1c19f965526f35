using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

// Chains whose first step takes other things than one tensor, or whose last gives something else. What runs them is forward, which the
// user's class writes.

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T, TResult> : nn.Module<T, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T, TResult> Slice(int start, int end) => throw new NotImplementedException();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, TResult> : nn.Module<T1, T2, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T1, T2, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T1, T2, TResult> Slice(int start, int end) => throw new NotImplementedException();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, TResult> : nn.Module<T1, T2, T3, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T1, T2, T3, TResult> Slice(int start, int end) => throw new NotImplementedException();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, TResult> : nn.Module<T1, T2, T3, T4, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T1, T2, T3, T4, TResult> Slice(int start, int end) => throw new NotImplementedException();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, T5, TResult> : nn.Module<T1, T2, T3, T4, T5, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, T5, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, T5, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T1, T2, T3, T4, T5, TResult> Slice(int start, int end) => throw new NotImplementedException();
}

/// <summary>Modules one after another, named by their place where they have no name; <c>forward</c> is the user's.</summary>
public abstract class Sequential<T1, T2, T3, T4, T5, T6, TResult> : nn.Module<T1, T2, T3, T4, T5, T6, TResult>
{
    private readonly List<(string Name, nn.Module Module)> steps = [];

    protected Sequential(params (string name, nn.Module submodule)[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, m => Add(m.name, m.submodule));

    protected Sequential(params nn.Module[] modules) : base(nameof(Sequential)) => Array.ForEach(modules, Add);

    public int Count => steps.Count;

    public Sequential<T1, T2, T3, T4, T5, T6, TResult> append(string name, nn.Module module)
    {
        Add(name, module);
        return this;
    }

    public Sequential<T1, T2, T3, T4, T5, T6, TResult> append(nn.Module module) => append(steps.Count.ToString(), module);

    protected void Add(nn.Module module) => Add(steps.Count.ToString(), module);

    protected void Add(string name, nn.Module sm)
    {
        Chain(name, sm);
        steps.Add((name, sm));
    }

    [IndexerName("SequentialItems")]
    public nn.Module this[int index] => steps[index].Module;

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, T6, TResult> this[(int? start, int? end) index] => Slice(index.start ?? 0, index.end ?? Count);

    [IndexerName("SequentialItems")]
    public Sequential<T1, T2, T3, T4, T5, T6, TResult> this[Range index] => Slice(index.Start.GetOffset(Count), index.End.GetOffset(Count));

    /// <summary>Some of the steps; a class that has such parts overrides it. The first of them must take what the whole takes.</summary>
    protected virtual Sequential<T1, T2, T3, T4, T5, T6, TResult> Slice(int start, int end) => throw new NotImplementedException();
}
