"""The rules of a browser, each as a table whose rows name the section of the standard."""
