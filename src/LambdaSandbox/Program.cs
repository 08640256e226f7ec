using LambdaSandbox.CommandLine;

return await Root.InvokeAsync(args);
