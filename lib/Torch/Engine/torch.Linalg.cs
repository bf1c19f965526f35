namespace TorchSharp;

public static partial class torch
{
    /// <summary>Linear algebra, as in torch.linalg.</summary>
    public static class linalg
    {
        private static readonly long[] Matrix = [-2, -1];

        public enum QRMode { Reduced, Complete, R }

        public static Tensor cholesky(Tensor input) => Aten.linalg_cholesky.Call(input);

        public static (Tensor L, Tensor info) cholesky_ex(Tensor input, bool check_errors = false) => Aten.linalg_cholesky_ex.Call2(input, false, check_errors);

        public static Tensor cond(Tensor input, int p) => Aten.linalg_cond.Call(input, p);

        public static Tensor cond(Tensor input, double p) => Aten.linalg_cond.Call(input, p);

        public static Tensor cond(Tensor input, string p) => Aten.linalg_cond_p_str.Call(input, p);

        public static Tensor cond(Tensor input) => Aten.linalg_cond.Call(input);

        public static Tensor cross(Tensor input, Tensor other, long dim = -1) => Aten.linalg_cross.Call(input, other, dim);

        public static Tensor det(Tensor input) => Aten.linalg_det.Call(input);

        public static Tensor diagonal(Tensor input, int offset = 0, int dim1 = -2, int dim2 = -1) => Aten.linalg_diagonal.Call(input, offset, dim1, dim2);

        public static (Tensor, Tensor) eig(Tensor input) => Aten.linalg_eig.Call2(input);

        public static (Tensor, Tensor) eigh(Tensor input, char UPLO = 'L') => Aten.linalg_eigh.Call2(input, UPLO.ToString());

        public static Tensor eigvals(Tensor input) => Aten.linalg_eigvals.Call(input);

        public static Tensor eigvalsh(Tensor input, char UPLO = 'L') => Aten.linalg_eigvalsh.Call(input, UPLO.ToString());

        public static Tensor householder_product(Tensor A, Tensor tau) => Aten.linalg_householder_product.Call(A, tau);

        public static Tensor inv(Tensor input) => Aten.linalg_inv.Call(input);

        public static (Tensor L, Tensor info) inv_ex(Tensor input, bool check_errors = false) => Aten.linalg_inv_ex.Call2(input, check_errors);

        public static (Tensor LU, Tensor? Pivots) ldl_factor(Tensor input, bool hermitian = true) => Aten.linalg_ldl_factor.Call2(input, hermitian);

        public static (Tensor, Tensor, Tensor) ldl_factor_ex(Tensor input, bool hermitian = true, bool check_errors = false)
            => Aten.linalg_ldl_factor_ex.Call3(input, hermitian, check_errors);

        public static Tensor ldl_solve(Tensor LD, Tensor pivots, Tensor B, bool hermitian = false) => Aten.linalg_ldl_solve.Call(LD, pivots, B, hermitian);

        public static (Tensor Solution, Tensor Residuals, Tensor Rank, Tensor SingularValues) lstsq(Tensor input, Tensor other)
            => Aten.linalg_lstsq.Call4(input, other);

        public static (Tensor Solution, Tensor Residuals, Tensor Rank, Tensor SingularValues) lstsq(Tensor input, Tensor other, double rcond)
            => Aten.linalg_lstsq.Call4(input, other, rcond);

        public static (Tensor P, Tensor L, Tensor U) lu(Tensor input, bool pivot = true) => Aten.linalg_lu.Call3(input, pivot);

        public static (Tensor LU, Tensor? Pivots) lu_factor(Tensor input, bool pivot = true) => Aten.linalg_lu_factor.Call2(input, pivot);

        public static Tensor lu_solve(Tensor LU, Tensor pivots, Tensor B, bool left = true, bool adjoint = false, Tensor? @out = null)
            => @out is null ? Aten.linalg_lu_solve.Call(LU, pivots, B, left, adjoint) : Aten.linalg_lu_solve_out.Call(LU, pivots, B, left, adjoint, @out);

        public static Tensor matrix_exp(Tensor input) => Aten.linalg_matrix_exp.Call(input);

        public static Tensor matrix_norm(Tensor input, string ord = "fro", long[]? dims = null, bool keepdim = false)
            => Aten.linalg_matrix_norm_str_ord.Call(input, ord, dims ?? Matrix, keepdim);

        public static Tensor matrix_norm(Tensor input, double ord, long[]? dims = null, bool keepdim = false)
            => Aten.linalg_matrix_norm.Call(input, ord, dims ?? Matrix, keepdim);

        public static Tensor matrix_rank(Tensor input, double? atol = null, double? rtol = null, bool hermitian = false)
            => Aten.linalg_matrix_rank_atol_rtol_float.Call(input, atol, rtol, hermitian);

        public static Tensor matrix_rank(Tensor input, Tensor atol, Tensor? rtol = null, bool hermitian = false)
            => Aten.linalg_matrix_rank_atol_rtol_tensor.Call(input, atol, rtol, hermitian);

        public static Tensor multi_dot(IList<Tensor> tensors) => Aten.linalg_multi_dot.Call(tensors.ToArray());

        public static Tensor norm(Tensor input, string ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm_ord_str.Call(input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, double ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, int ord, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, ord, dims, keepdim);

        public static Tensor norm(Tensor input, long[]? dims = null, bool keepdim = false) => Aten.linalg_norm.Call(input, Arg.None, dims, keepdim);

        public static Tensor pinv(Tensor input, double? atol = null, double? rtol = null, bool hermitian = false)
            => Aten.linalg_pinv_atol_rtol_float.Call(input, atol, rtol, hermitian);

        public static Tensor pinv(Tensor input, Tensor atol, Tensor? rtol = null, bool hermitian = false)
            => Aten.linalg_pinv_atol_rtol_tensor.Call(input, atol, rtol, hermitian);

        public static (Tensor Q, Tensor R) qr(Tensor input, QRMode mode = QRMode.Reduced) => Aten.linalg_qr.Call2(input, mode.ToString().ToLowerInvariant());

        public static (Tensor sign, Tensor logabsdet) slogdet(Tensor input) => Aten.linalg_slogdet.Call2(input);

        public static Tensor solve(Tensor A, Tensor B, bool left = true) => Aten.linalg_solve.Call(A, B, left);

        public static (Tensor result, Tensor info) solve_ex(Tensor A, Tensor B, bool left = true, bool check_errors = false)
            => Aten.linalg_solve_ex.Call2(A, B, left, check_errors);

        public static Tensor solve_triangular(Tensor A, Tensor B, bool upper, bool left = true, bool unitriangular = false, Tensor? @out = null)
            => @out is null
                ? Aten.linalg_solve_triangular.Call(A, B, upper, left, unitriangular)
                : Aten.linalg_solve_triangular_out.Call(A, B, upper, left, unitriangular, @out);

        public static (Tensor U, Tensor S, Tensor Vh) svd(Tensor input, bool fullMatrices = true) => Aten.linalg_svd.Call3(input, fullMatrices);

        public static Tensor svdvals(Tensor input) => Aten.linalg_svdvals.Call(input);

        public static Tensor tensorinv(Tensor input, long ind) => Aten.linalg_tensorinv.Call(input, ind);

        public static Tensor tensorsolve(Tensor A, Tensor B, long[] dims) => Aten.linalg_tensorsolve.Call(A, B, dims);

        public static Tensor vander(Tensor input, long? N = null) => Aten.linalg_vander.Call(input, N);

        public static Tensor vecdot(Tensor x, Tensor y, long dim = -1, Tensor? @out = null)
            => @out is null ? Aten.linalg_vecdot.Call(x, y, dim) : Aten.linalg_vecdot_out.Call(x, y, dim, @out);

        public static Tensor vector_norm(Tensor input, double ord = 2, long[]? dims = null, bool keepdim = false)
            => Aten.linalg_vector_norm.Call(input, ord, dims, keepdim);
    }

    public static Tensor cholesky(Tensor input) => input.cholesky();

    public static (Tensor, Tensor) slogdet(Tensor A) => Aten.linalg_slogdet.Call2(A);

    public static Tensor matrix_rank(Tensor input, float? tol = null, bool symmetric = false)
        => Aten.linalg_matrix_rank_atol_rtol_float.Call(input, tol is { } t ? (double)t : (double?)null, Arg.None, symmetric);

    public static (Tensor, Tensor) lstsq(Tensor B, Tensor A)
    {
        (Tensor solution, Tensor residuals, Tensor rank, Tensor values) = Aten.linalg_lstsq.Call4(A, B);
        rank.Dispose();
        values.Dispose();
        return (solution, residuals);
    }

    public static (Tensor A_LU, Tensor? pivots, Tensor? infos) lu(Tensor A, bool pivot = true, bool get_infos = false)
    {
        (Tensor factors, Tensor pivots, Tensor infos) = Aten._lu_with_info.Call3(A, pivot, true);
        if (get_infos) return (factors, pivots, infos);
        infos.Dispose();
        return (factors, pivots, null);
    }

    public static Tensor lu_solve(Tensor b, Tensor LU_data, Tensor LU_pivots) => Aten.linalg_lu_solve.Call(LU_data, LU_pivots, b);

    public static (Tensor P, Tensor? L, Tensor? U) lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data = true, bool unpack_pivots = true)
        => Aten.lu_unpack.Call3(LU_data, LU_pivots, unpack_data, unpack_pivots);

    public static Tensor orgqr(Tensor input, Tensor tau) => linalg.householder_product(input, tau);
}

internal static partial class Aten
{
    internal static readonly Op _lu_with_info = new("aten::_lu_with_info");
    internal static readonly Op linalg_cholesky = new("aten::linalg_cholesky");
    internal static readonly Op linalg_cholesky_ex = new("aten::linalg_cholesky_ex");
    internal static readonly Op linalg_cond = new("aten::linalg_cond");
    internal static readonly Op linalg_cond_p_str = new("aten::linalg_cond", "p_str");
    internal static readonly Op linalg_cross = new("aten::linalg_cross");
    internal static readonly Op linalg_det = new("aten::linalg_det");
    internal static readonly Op linalg_diagonal = new("aten::linalg_diagonal");
    internal static readonly Op linalg_eig = new("aten::linalg_eig");
    internal static readonly Op linalg_eigh = new("aten::linalg_eigh");
    internal static readonly Op linalg_eigvals = new("aten::linalg_eigvals");
    internal static readonly Op linalg_eigvalsh = new("aten::linalg_eigvalsh");
    internal static readonly Op linalg_householder_product = new("aten::linalg_householder_product");
    internal static readonly Op linalg_inv = new("aten::linalg_inv");
    internal static readonly Op linalg_inv_ex = new("aten::linalg_inv_ex");
    internal static readonly Op linalg_ldl_factor = new("aten::linalg_ldl_factor");
    internal static readonly Op linalg_ldl_factor_ex = new("aten::linalg_ldl_factor_ex");
    internal static readonly Op linalg_ldl_solve = new("aten::linalg_ldl_solve");
    internal static readonly Op linalg_lstsq = new("aten::linalg_lstsq");
    internal static readonly Op linalg_lu = new("aten::linalg_lu");
    internal static readonly Op linalg_lu_factor = new("aten::linalg_lu_factor");
    internal static readonly Op linalg_lu_solve = new("aten::linalg_lu_solve");
    internal static readonly Op linalg_lu_solve_out = new("aten::linalg_lu_solve", "out");
    internal static readonly Op linalg_matrix_exp = new("aten::linalg_matrix_exp");
    internal static readonly Op linalg_matrix_norm = new("aten::linalg_matrix_norm");
    internal static readonly Op linalg_matrix_norm_str_ord = new("aten::linalg_matrix_norm", "str_ord");
    internal static readonly Op linalg_matrix_rank_atol_rtol_float = new("aten::linalg_matrix_rank", "atol_rtol_float");
    internal static readonly Op linalg_matrix_rank_atol_rtol_tensor = new("aten::linalg_matrix_rank", "atol_rtol_tensor");
    internal static readonly Op linalg_multi_dot = new("aten::linalg_multi_dot");
    internal static readonly Op linalg_norm = new("aten::linalg_norm");
    internal static readonly Op linalg_norm_ord_str = new("aten::linalg_norm", "ord_str");
    internal static readonly Op linalg_pinv_atol_rtol_float = new("aten::linalg_pinv", "atol_rtol_float");
    internal static readonly Op linalg_pinv_atol_rtol_tensor = new("aten::linalg_pinv", "atol_rtol_tensor");
    internal static readonly Op linalg_qr = new("aten::linalg_qr");
    internal static readonly Op linalg_slogdet = new("aten::linalg_slogdet");
    internal static readonly Op linalg_solve = new("aten::linalg_solve");
    internal static readonly Op linalg_solve_ex = new("aten::linalg_solve_ex");
    internal static readonly Op linalg_solve_triangular = new("aten::linalg_solve_triangular");
    internal static readonly Op linalg_solve_triangular_out = new("aten::linalg_solve_triangular", "out");
    internal static readonly Op linalg_svd = new("aten::linalg_svd");
    internal static readonly Op linalg_svdvals = new("aten::linalg_svdvals");
    internal static readonly Op linalg_tensorinv = new("aten::linalg_tensorinv");
    internal static readonly Op linalg_tensorsolve = new("aten::linalg_tensorsolve");
    internal static readonly Op linalg_vander = new("aten::linalg_vander");
    internal static readonly Op linalg_vecdot = new("aten::linalg_vecdot");
    internal static readonly Op linalg_vecdot_out = new("aten::linalg_vecdot", "out");
    internal static readonly Op linalg_vector_norm = new("aten::linalg_vector_norm");
    internal static readonly Op lu_unpack = new("aten::lu_unpack");
}
