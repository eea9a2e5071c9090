"""What scores show beyond themselves, a folder a subject: uncertainty, audit, comparison, survey, consultation."""
