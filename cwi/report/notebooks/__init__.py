"""What each analysis notebook shows: tables, sentences and pictures of one subject, a module each."""
