"""The playground of ``tapegrad app``: a page for each thing to see, in Streamlit. `launch` starts it, `main` is it."""
