"""What comes in from elsewhere, a folder a subject: other tools' files, the survey, the consultation, the crosswalk."""
