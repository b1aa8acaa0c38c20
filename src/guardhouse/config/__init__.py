"""From what somebody wrote to the settings of a house: read, checked, and every mistake an error that names the fix."""
