using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A list of modules, registered under their places.</summary>
public class ModuleList<T> : nn.Module, IList<T> where T : nn.Module
{
    private readonly List<T> list = [];

    public ModuleList(params T[] modules) : base(nameof(ModuleList<T>)) => extend(modules);

    public int Count => list.Count;
    public bool IsReadOnly => false;

    public T this[int index]
    {
        get => list[index];
        set
        {
            list[index] = value;
            Number();
        }
    }

    public void Add(T item)
    {
        register_module(list.Count.ToString(), item);
        list.Add(item);
    }

    public void append(params T[] parameters) => extend(parameters);

    public void extend(IEnumerable<T> modules)
    {
        foreach (var item in modules)
        {
            Add(item);
        }
    }

    public void Insert(int index, T item)
    {
        list.Insert(index, item);
        Number();
    }

    public bool Remove(T item)
    {
        var found = list.Remove(item);
        Number();
        return found;
    }

    public void RemoveAt(int index)
    {
        list.RemoveAt(index);
        Number();
    }

    public void Clear()
    {
        list.Clear();
        Number();
    }

    public bool Contains(T item) => list.Contains(item);
    public int IndexOf(T item) => list.IndexOf(item);
    public void CopyTo(T[] array, int arrayIndex) => list.CopyTo(array, arrayIndex);
    public IEnumerator<T> GetEnumerator() => list.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to do: items are registered as they come, under their places "0", "1", ...</summary>
    protected override void RegisterComponents() { }

    private void Number()
    {
        ClearModules();
        for (var i = 0; i < list.Count; i++)
        {
            register_module(i.ToString(), list[i]);
        }
    }
}
