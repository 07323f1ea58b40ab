"""The playground as Streamlit runs it, anew for every visitor and after every move: one page, chosen by the address."""

import streamlit as st

from tapegrad.app import functions_page, tape_page, training_page

st.set_page_config(page_title="tapegrad", layout="wide")
st.navigation(
    [
        st.Page(tape_page.show, title="Tape", url_path="tape", default=True),
        st.Page(functions_page.show, title="Functions", url_path="functions"),
        st.Page(training_page.show, title="Training", url_path="training"),
    ],
    position="top",
).run()
