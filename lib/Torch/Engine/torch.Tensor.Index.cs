namespace TorchSharp;

// x[...]: what is basic (numbers, slices, new axes) makes a view; a tensor or truth value among the indices makes a copy.
public static partial class torch
{
    public partial class Tensor
    {
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => Assign(indices, value);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => Aten.select_int.Call(this, 0, i1);
            set => Put(value, i1);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => At(i1, i2);
            set => Put(value, i1, i2);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => At(i1, i2, i3);
            set => Put(value, i1, i2, i3);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => At(i1, i2, i3, i4);
            set => Put(value, i1, i2, i3, i4);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5]
        {
            get => At(i1, i2, i3, i4, i5);
            set => Put(value, i1, i2, i3, i4, i5);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5, long i6]
        {
            get => At(i1, i2, i3, i4, i5, i6);
            set => Put(value, i1, i2, i3, i4, i5, i6);
        }

        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => At(indices);
            set => Put(value, indices);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            (Tensor view, Tensor?[]? rest) = Basic(indices);
            if (rest is null) return ReferenceEquals(view, this) ? alias() : view;
            Tensor picked = Aten.index_Tensor.Call(view, rest);
            if (!ReferenceEquals(view, this)) view.Dispose();
            return picked;
        }

        public Tensor index(params Tensor[] indices) => Aten.index_Tensor.Call(this, indices);

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
            => Aten.index_put_.Into(this, indices, value, accumulate);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            (Tensor view, Tensor?[]? rest) = Basic(indices);
            if (rest is not null) Aten.index_put_.Run(view, rest, value, accumulate);
            else if (accumulate) view.add_(value);
            else view.copy_(value);
            if (!ReferenceEquals(view, this)) view.Dispose();
            return this;
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices) => index_put_(Like(value), indices, false);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices) => index_put_(Like(value), indices, false);

        private Tensor Like(Scalar value) => Aten.scalar_tensor.Call(value, dtype, Arg.None, device);

        private void Assign(TensorIndex[] indices, Tensor value)
        {
            // A lone number is brought to this tensor's type, as PyTorch does.
            bool number = value.Dimensions == 0 && (value.dtype != dtype || value.device_type != device_type);
            index_put_(number ? value.to(dtype, device) : value, indices, false);
        }

        private Tensor At(params ReadOnlySpan<long> indices)
        {
            Tensor view = this;
            foreach (long i in indices)
            {
                Tensor next = Aten.select_int.Call(view, 0, i);
                if (!ReferenceEquals(view, this)) view.Dispose();
                view = next;
            }
            return ReferenceEquals(view, this) ? alias() : view;
        }

        private void Put(Tensor value, params ReadOnlySpan<long> indices)
        {
            using Tensor place = At(indices);
            place.copy_(value);
        }

        // Applies the basic indices as views and collects the others, one slot for each dimension of the view.
        private (Tensor view, Tensor?[]? rest) Basic(TensorIndex[] indices)
        {
            Tensor view = this;
            var rest = new List<Tensor?>();
            bool advanced = false;
            long given = 0;
            foreach (TensorIndex i in indices) given += Consumes(i);
            long dim = 0;
            bool expanded = false;
            void Replace(Tensor next)
            {
                if (!ReferenceEquals(view, this)) view.Dispose();
                view = next;
            }
            void Set(Tensor index)
            {
                while (rest.Count < dim) rest.Add(null);
                rest.Add(index);
                advanced = true;
            }
            foreach (TensorIndex i in indices)
            {
                switch (i.What)
                {
                    case TensorIndex.Kind.Single:
                        Replace(Aten.select_int.Call(view, dim, i.Start!.Value));
                        break;
                    case TensorIndex.Kind.Slice:
                        if (i.Start is not null || i.Stop is not null || i.Step is not null)
                        {
                            Replace(Aten.slice_Tensor.Call(view, dim, i.Start, i.Stop, i.Step ?? 1));
                        }
                        dim++;
                        break;
                    case TensorIndex.Kind.Ellipsis:
                        if (expanded) throw new ArgumentException("an index can have one ellipsis only");
                        expanded = true;
                        dim += Dimensions - given;
                        break;
                    case TensorIndex.Kind.None:
                        Replace(Aten.unsqueeze.Call(view, dim++));
                        break;
                    case TensorIndex.Kind.Bool:
                        Replace(Aten.unsqueeze.Call(view, dim));
                        Set(tensor(i.Start != 0).reshape(1).to(device));
                        dim++;
                        break;
                    case TensorIndex.Kind.Tensor:
                        Tensor t = i.Index!;
                        Set(t.device_type == device_type ? t : t.to(device));
                        dim += Consumes(i);
                        break;
                }
            }
            return (view, advanced ? rest.ToArray() : null);
        }

        // How many dimensions of the tensor an index uses up.
        private static long Consumes(TensorIndex index) => index.What switch
        {
            TensorIndex.Kind.Single or TensorIndex.Kind.Slice => 1,
            TensorIndex.Kind.Tensor => index.Index!.dtype is ScalarType.Bool or ScalarType.Byte ? index.Index.Dimensions : 1,
            _ => 0,
        };
    }
}

internal static partial class Aten
{
    internal static readonly Op index_Tensor = new("aten::index", "Tensor");
    internal static readonly Op index_put_ = new("aten::index_put_");
}
