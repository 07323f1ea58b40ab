"""The playground as Streamlit runs it, anew for every visitor and after every move: one page, chosen by the address."""

import streamlit as st

from tapegrad.app import arrays_page, by_hand_page, functions_page, images_page, tape_page, training_page

st.set_page_config(page_title="tapegrad", layout="wide")
st.navigation(
    [
        st.Page(tape_page.show, title="Tape", default=True),
        st.Page(functions_page.show, title="Functions", url_path="functions"),
        st.Page(training_page.show, title="Training", url_path="training"),
        st.Page(by_hand_page.show, title="By hand", url_path="by-hand"),
        st.Page(arrays_page.show, title="Arrays", url_path="arrays"),
        st.Page(images_page.show, title="Images", url_path="images"),
    ],
    position="top",
).run()
