using static TorchSharp.torch;

namespace TorchSharp.Utils
{
    /// <summary>Names a type's formatters to notebook hosts, which look for an attribute of this name.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class TypeFormatterSourceAttribute : Attribute
    {
        public TypeFormatterSourceAttribute(Type formatterSourceType) => FormatterSourceType = formatterSourceType;

        public Type FormatterSourceType { get; }
    }
}

namespace TorchSharp
{
    /// <summary>How a notebook shows a tensor: its values.</summary>
    internal sealed class TypeFormatterSource
    {
        public IEnumerable<object> CreateTypeFormatters() => [new TensorFormatter()];
    }

    internal sealed class TensorFormatter
    {
        public string MimeType => "text/plain";

        public bool Format(object instance, TextWriter writer)
        {
            if (instance is not Tensor tensor) return false;
            writer.Write(tensor.IsInvalid ? "a tensor that was disposed of" : tensor.ToString(TensorStringStyle.Default));
            return true;
        }
    }
}
