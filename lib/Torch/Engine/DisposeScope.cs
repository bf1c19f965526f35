namespace TorchSharp;

/// <summary>
/// Owns what is created on its thread while it is the innermost scope, and disposes of it at its end. What shall live
/// longer is moved to the outer scope or detached. Other threads may dispose of members, move and detach them meanwhile.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager manager;
    private readonly List<IDisposable> members = [];

    internal DisposeScope(DisposeScopeManager manager, DisposeScope? outer)
    {
        this.manager = manager;
        OuterScope = outer;
    }

    internal DisposeScope? OuterScope { get; private set; }

    public int DisposablesCount
    {
        get
        {
            lock (members) return members.Count;
        }
    }

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            lock (members) return members.ToList();
        }
    }

    public bool Contains(IDisposable disposable)
    {
        lock (members) return IndexOf(disposable) >= 0;
    }

    public void Attach(IDisposable disposable) => MoveInto(this, disposable);

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        List<IDisposable> all = disposables.ToList();
        foreach (IDisposable d in all) MoveInto(this, d);
        return all;
    }

    public T MoveToOuter<T>(T disposable) where T : IDisposable
    {
        MoveInto(OuterScope, disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
        => (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
        => (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable d in disposables.ToList()) MoveInto(OuterScope, d);
    }

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        MoveInto(scope, disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second)
        where T1 : IDisposable where T2 : IDisposable
        => (MoveToOther(scope, first), MoveToOther(scope, second));

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
        => (MoveToOther(scope, first), MoveToOther(scope, second), MoveToOther(scope, third));

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable d in disposables.ToList()) MoveInto(scope, d);
    }

    public T Detach<T>(T disposable) where T : IDisposable
    {
        MoveInto(null, disposable);
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
        => (Detach(first), Detach(second));

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
        => (Detach(first), Detach(second), Detach(third));

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable d in disposables.ToList()) MoveInto(null, d);
    }

    public void DisposeEverything() => Release(null);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
        => Release(new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance));

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut([first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable
    {
        DisposeEverythingBut([first, second, third]);
        return (first, second, third);
    }

    /// <summary>Disposes of all members and leaves the thread's stack; scopes may end out of order.</summary>
    public void Dispose()
    {
        DisposeEverything();
        manager.Remove(this);
    }

    /// <summary>A member was disposed of by other means.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        Forget(disposable);
        manager.Counts.Of(disposable).CountDisposedInScope();
    }

    internal void Add(torch.Tensor tensor)
    {
        lock (members)
        {
            tensor.OwningDisposeScope = this;
            tensor.ScopeSlot = members.Count;
            members.Add(tensor);
        }
    }

    internal void Add(IDisposable disposable)
    {
        lock (members) members.Add(disposable);
    }

    /// <summary>Takes a member out without disposing of it; the last member takes its place.</summary>
    internal void Forget(IDisposable disposable)
    {
        lock (members)
        {
            int at = IndexOf(disposable);
            if (disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this) tensor.OwningDisposeScope = null;
            if (at < 0) return;
            IDisposable last = members[^1];
            members[at] = last;
            if (last is torch.Tensor moved) moved.ScopeSlot = at;
            members.RemoveAt(members.Count - 1);
        }
    }

    private void Release(HashSet<IDisposable>? keep)
    {
        List<IDisposable>? kept = null;
        while (TakeLast() is { } last)
        {
            if (keep?.Contains(last) == true)
            {
                (kept ??= []).Add(last);
                continue;
            }
            if (last is not (torch.Tensor or torch.nn.utils.rnn.PackedSequence)) manager.Counts.PackedSequenceStatistics.CountDisposedInScope();
            last.Dispose();
        }
        for (int i = (kept?.Count ?? 0) - 1; i >= 0; i--) Place(kept![i]);
    }

    private IDisposable? TakeLast()
    {
        lock (members)
        {
            if (members.Count == 0) return null;
            IDisposable last = members[^1];
            members.RemoveAt(members.Count - 1);
            // Disposing of a tensor reports back through MarkAsDisposed; it has no place here any more.
            if (last is torch.Tensor t) t.ScopeSlot = -1;
            return last;
        }
    }

    private void Place(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor) Add(tensor);
        else Add(disposable);
    }

    private void MoveInto(DisposeScope? target, IDisposable disposable)
    {
        if (disposable is torch.Tensor { IsInvalid: true }) return;
        DisposeScope? from = disposable switch
        {
            torch.Tensor tensor => tensor.OwningDisposeScope,
            torch.nn.utils.rnn.PackedSequence packed => packed.OwningDisposeScope,
            _ => Contains(disposable) ? this : null,
        };
        if (from == target) return;
        LifetimeStatistics counts = manager.Counts.Of(disposable);
        from?.Forget(disposable);
        if (target is null) counts.CountDetached();
        else if (from is null) counts.CountAttached();
        target?.Place(disposable);
        if (disposable is torch.nn.utils.rnn.PackedSequence moved) moved.OwningDisposeScope = target;
    }

    private int IndexOf(IDisposable disposable)
    {
        if (disposable is torch.Tensor tensor) return tensor.OwningDisposeScope == this ? tensor.ScopeSlot : -1;
        for (int i = 0; i < members.Count; i++)
        {
            if (ReferenceEquals(members[i], disposable)) return i;
        }
        return -1;
    }
}
