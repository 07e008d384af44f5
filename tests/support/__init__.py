"""What tests share: actors run in-process, and processes, sockets and files watched for leaks."""
