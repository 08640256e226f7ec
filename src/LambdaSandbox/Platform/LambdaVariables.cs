namespace LambdaSandbox.Platform;

/// <summary>The environment variables that Lambda gives to the runtime, and the fewer ones for extensions. Nothing is inherited.</summary>
internal sealed class LambdaVariables(SandboxOptions options, string runtimeApi, string credentialsToken, string logStream, Layout layout)
{
    // These are not secrets: the sandbox accepts anything, and nothing else knows them.
    public const string AccessKeyId = "AKIASANDBOXEXAMPLE00";
    public const string SecretAccessKey = "sandbox/secret/example/key/not/a/real/one";
    public const string SessionToken = "sandbox-session-token";

    private const string XRayHost = "169.254.79.129";
    private const string XRayPort = "2000";

    /// <summary>What all processes of the environment have in common, and no other process.</summary>
    public string RuntimeApi => runtimeApi;

    public Dictionary<string, string> ForExtensions()
    {
        var variables = new Dictionary<string, string>
        {
            ["AWS_LAMBDA_FUNCTION_NAME"] = options.FunctionName,
            ["AWS_LAMBDA_FUNCTION_VERSION"] = options.FunctionVersion,
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = $"{options.MemorySizeMb}",
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = Telemetry.PlatformEvents.TypeName(options.InitializationType),
            ["AWS_LAMBDA_RUNTIME_API"] = runtimeApi,
            ["AWS_REGION"] = options.Region,
            ["AWS_DEFAULT_REGION"] = options.Region,
            ["TZ"] = ":UTC",
            ["LANG"] = "en_US.UTF-8",
            ["PATH"] = $"/usr/local/bin:/usr/bin:/bin:{layout.SeenOpt}/bin",
            ["LD_LIBRARY_PATH"] = $"{layout.SeenTask}:{layout.SeenTask}/lib:{layout.SeenOpt}/lib",
        };
        if (options.InitializationType == InitializationType.SnapStart)
        {
            variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = $"http://{runtimeApi}/2021-04-23/credentials";
            variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = credentialsToken;
        }
        else
        {
            variables["AWS_ACCESS_KEY_ID"] = AccessKeyId;
            variables["AWS_SECRET_ACCESS_KEY"] = SecretAccessKey;
            variables["AWS_SESSION_TOKEN"] = SessionToken;
        }

        foreach (var (name, value) in options.Environment)
            variables[name] = value;
        return variables;
    }

    public Dictionary<string, string> ForRuntime()
    {
        var variables = ForExtensions();
        variables["_HANDLER"] = options.Handler;
        variables["LAMBDA_TASK_ROOT"] = layout.SeenTask;
        variables["LAMBDA_RUNTIME_DIR"] = "/var/runtime";
        variables["AWS_XRAY_CONTEXT_MISSING"] = "LOG_ERROR";
        variables["AWS_XRAY_DAEMON_ADDRESS"] = $"{XRayHost}:{XRayPort}";
        variables["_AWS_XRAY_DAEMON_ADDRESS"] = XRayHost;
        variables["_AWS_XRAY_DAEMON_PORT"] = XRayPort;
        if (options.LogFormat == LogFormat.Json)
            variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
        if (options.InitializationType == InitializationType.ManagedInstances)
            variables["AWS_LAMBDA_MAX_CONCURRENCY"] = $"{options.MaxConcurrency}";
        if (options.InitializationType != InitializationType.SnapStart)
        {
            variables["AWS_LAMBDA_LOG_GROUP_NAME"] = $"/aws/lambda/{options.FunctionName}";
            variables["AWS_LAMBDA_LOG_STREAM_NAME"] = logStream;
        }

        foreach (var (name, value) in options.RuntimeEnvironment)
            variables[name] = string.Join(':', value.Split(':').Select(layout.Seen));

        return variables;
    }
}
