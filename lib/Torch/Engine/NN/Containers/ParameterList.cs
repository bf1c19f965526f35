using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A list of parameters, registered under their places.</summary>
public class ParameterList : nn.Module, IList<Parameter>
{
    private readonly List<Parameter> list = [];

    public ParameterList(params Parameter[] parameters) : base(nameof(ParameterList)) => extend(parameters);

    public int Count => list.Count;
    public bool IsReadOnly => false;

    public Parameter this[int index]
    {
        get => list[index];
        set
        {
            list[index] = value;
            Number();
        }
    }

    public void Add(Parameter item)
    {
        register_parameter(list.Count.ToString(), item);
        list.Add(item);
    }

    public void append(params Parameter[] parameters) => extend(parameters);

    public void extend(IEnumerable<Parameter> parameters)
    {
        foreach (var item in parameters)
        {
            Add(item);
        }
    }

    public void Insert(int index, Parameter item)
    {
        list.Insert(index, item);
        Number();
    }

    public bool Remove(Parameter item)
    {
        var at = IndexOf(item);
        if (at < 0)
        {
            return false;
        }
        RemoveAt(at);
        return true;
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

    public bool Contains(Parameter item) => IndexOf(item) >= 0;

    // The object itself: tensors of equal values are equal.
    public int IndexOf(Parameter item) => list.FindIndex(own => ReferenceEquals(own, item));
    public void CopyTo(Parameter[] array, int arrayIndex) => list.CopyTo(array, arrayIndex);
    public IEnumerator<Parameter> GetEnumerator() => list.GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to do: items are registered as they come, under their places "0", "1", ...</summary>
    protected override void RegisterComponents() { }

    private void Number()
    {
        ClearParameters();
        for (var i = 0; i < list.Count; i++)
        {
            register_parameter(i.ToString(), list[i]);
        }
    }
}
