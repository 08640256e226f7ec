namespace LambdaSandbox.Backend;

/// <summary>The gRPC status codes that the backend or its tests use.</summary>
public static class GrpcStatus
{
    public const int Ok = 0;
    public const int Cancelled = 1;
    public const int Unknown = 2;
    public const int InvalidArgument = 3;
    public const int DeadlineExceeded = 4;
    public const int PermissionDenied = 7;
    public const int ResourceExhausted = 8;
    public const int Aborted = 10;
    public const int OutOfRange = 11;
    public const int Unimplemented = 12;
    public const int Internal = 13;
    public const int Unavailable = 14;
    public const int DataLoss = 15;
    public const int Unauthenticated = 16;

    /// <summary>The HTTP status that collectors use instead of this gRPC status.</summary>
    internal static int ToHttp(int status) => status switch
    {
        Ok => 200,
        InvalidArgument or OutOfRange => 400,
        Unauthenticated => 401,
        PermissionDenied => 403,
        Unimplemented => 404,
        ResourceExhausted => 429,
        Cancelled or DeadlineExceeded or Aborted or Unavailable or DataLoss => 503,
        _ => 500,
    };

    /// <summary>The code for a google.rpc.Status with this HTTP status.</summary>
    internal static int FromHttp(int status) => status switch
    {
        400 or 405 or 413 or 415 => InvalidArgument,
        401 => Unauthenticated,
        403 => PermissionDenied,
        404 => Unimplemented,
        429 => ResourceExhausted,
        502 or 503 or 504 => Unavailable,
        _ => Unknown,
    };
}
