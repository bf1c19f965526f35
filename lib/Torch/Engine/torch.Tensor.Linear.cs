namespace TorchSharp;

// Matrix products and classical linear algebra. One line an operator: TorchSharp's signature, and the operator behind it.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor addbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Aten.addbmm.Call(this, batch1, batch2, beta, alpha);
        public Tensor addbmm_(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Aten.addbmm_.Into(this, batch1, batch2, beta, alpha);
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Aten.addmm.Call(this, mat1, mat2, beta, alpha);
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Aten.addmm_.Into(this, mat1, mat2, beta, alpha);
        public Tensor addmv(Tensor mat, Tensor vec, float beta = 1, float alpha = 1) => Aten.addmv.Call(this, mat, vec, beta, alpha);
        public Tensor addmv_(Tensor mat, Tensor vec, float beta = 1, float alpha = 1) => Aten.addmv_.Into(this, mat, vec, beta, alpha);
        public Tensor addr(Tensor vec1, Tensor vec2, float beta = 1, float alpha = 1) => Aten.addr.Call(this, vec1, vec2, beta, alpha);
        public Tensor addr_(Tensor vec1, Tensor vec2, float beta = 1, float alpha = 1) => Aten.addr_.Into(this, vec1, vec2, beta, alpha);
        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Aten.baddbmm.Call(this, batch1, batch2, beta, alpha);
        public Tensor bmm(Tensor batch2) => Aten.bmm.Call(this, batch2);
        public Tensor cholesky(bool upper = false) => Aten.cholesky.Call(this, upper);
        public Tensor cholesky_inverse(bool upper = false) => Aten.cholesky_inverse.Call(this, upper);
        public Tensor cholesky_solve(Tensor input2, bool upper = false) => Aten.cholesky_solve.Call(this, input2, upper);
        public Tensor det() => Aten.det.Call(this);
        public Tensor dot(Tensor target) => Aten.dot.Call(this, target);
        public (Tensor, Tensor) geqrf() => Aten.geqrf.Call2(this);
        public Tensor ger(Tensor vec2) => Aten.ger.Call(this, vec2);
        public Tensor inner(Tensor vec2) => Aten.inner.Call(this, vec2);
        public Tensor inverse() => Aten.inverse.Call(this);
        public Tensor kron(Tensor other) => Aten.kron.Call(this, other);
        public Tensor logdet() => Aten.logdet.Call(this);
        public Tensor matmul(Tensor target) => Aten.matmul.Call(this, target);
        public Tensor matrix_exp() => Aten.matrix_exp.Call(this);
        public Tensor matrix_power(int n) => Aten.matrix_power.Call(this, n);
        public Tensor mm(Tensor target) => Aten.mm.Call(this, target);
        public Tensor mv(Tensor target) => Aten.mv.Call(this, target);
        public Tensor ormqr(Tensor tau, Tensor other, bool left = true, bool transpose = false) => Aten.ormqr.Call(this, tau, other, left, transpose);
        public Tensor outer(Tensor vec2) => Aten.outer.Call(this, vec2);
        public Tensor tensordot(Tensor b, long[] dims1, long[] dims2) => Aten.tensordot.Call(this, b, dims1, dims2);
        public Tensor vdot(Tensor target) => Aten.vdot.Call(this, target);
    }
}

internal static partial class Aten
{
    internal static readonly Op addbmm = new("aten::addbmm");
    internal static readonly Op addbmm_ = new("aten::addbmm_");
    internal static readonly Op addmm = new("aten::addmm");
    internal static readonly Op addmm_ = new("aten::addmm_");
    internal static readonly Op addmv = new("aten::addmv");
    internal static readonly Op addmv_ = new("aten::addmv_");
    internal static readonly Op addr = new("aten::addr");
    internal static readonly Op addr_ = new("aten::addr_");
    internal static readonly Op baddbmm = new("aten::baddbmm");
    internal static readonly Op bmm = new("aten::bmm");
    internal static readonly Op cholesky = new("aten::cholesky");
    internal static readonly Op cholesky_inverse = new("aten::cholesky_inverse");
    internal static readonly Op cholesky_solve = new("aten::cholesky_solve");
    internal static readonly Op det = new("aten::det");
    internal static readonly Op dot = new("aten::dot");
    internal static readonly Op geqrf = new("aten::geqrf");
    internal static readonly Op ger = new("aten::ger");
    internal static readonly Op inner = new("aten::inner");
    internal static readonly Op inverse = new("aten::inverse");
    internal static readonly Op kron = new("aten::kron");
    internal static readonly Op logdet = new("aten::logdet");
    internal static readonly Op matmul = new("aten::matmul");
    internal static readonly Op matrix_exp = new("aten::matrix_exp");
    internal static readonly Op matrix_power = new("aten::matrix_power");
    internal static readonly Op mm = new("aten::mm");
    internal static readonly Op mv = new("aten::mv");
    internal static readonly Op ormqr = new("aten::ormqr");
    internal static readonly Op outer = new("aten::outer");
    internal static readonly Op tensordot = new("aten::tensordot");
    internal static readonly Op vdot = new("aten::vdot");
}
