"""What guardhouse costs a request, beside the bare framework and beside other libraries, measured in one run."""
