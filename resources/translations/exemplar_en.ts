<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
  <context>
    <name>Actions</name>
    <message numerus="yes">
      <source>add %Ln conversation(s)</source>
      <translation>
        <numerusform>add %Ln conversation</numerusform>
        <numerusform>add %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>delete %Ln conversation(s)</source>
      <translation>
        <numerusform>delete %Ln conversation</numerusform>
        <numerusform>delete %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>import %Ln conversation(s)</source>
      <translation>
        <numerusform>import %Ln conversation</numerusform>
        <numerusform>import %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>change what %Ln conversation(s) are used for</source>
      <translation>
        <numerusform>change what %Ln conversation is used for</numerusform>
        <numerusform>change what %Ln conversations are used for</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>fix %Ln conversation(s)</source>
      <translation>
        <numerusform>fix %Ln conversation</numerusform>
        <numerusform>fix %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ConversationDelegate</name>
    <message numerus="yes">
      <source>%Ln message(s)</source>
      <translation>
        <numerusform>%Ln message</numerusform>
        <numerusform>%Ln messages</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln token(s)</source>
      <translation>
        <numerusform>%Ln token</numerusform>
        <numerusform>%Ln tokens</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n problem(s)</source>
      <translation>
        <numerusform>%n problem</numerusform>
        <numerusform>%n problems</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ConversationEditor</name>
    <message numerus="yes">
      <source>%Ln more message(s) are kept but not shown.</source>
      <translation>
        <numerusform>%Ln more message is kept but not shown.</numerusform>
        <numerusform>%Ln more messages are kept but not shown.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExamplesPage</name>
    <message numerus="yes">
      <source>%Ln conversation(s) moved to the bin.</source>
      <translation>
        <numerusform>%Ln conversation moved to the bin.</numerusform>
        <numerusform>%Ln conversations moved to the bin.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ExchangeStrip</name>
    <message numerus="yes">
      <source>%1: %Ln conversation(s)</source>
      <translation>
        <numerusform>%1: %Ln conversation</numerusform>
        <numerusform>%1: %Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, about %n second(s) left</source>
      <translation>
        <numerusform>, about %n second left</numerusform>
        <numerusform>, about %n seconds left</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ImportReportDialog</name>
    <message numerus="yes">
      <source>%Ln line(s) of %1 could not be read and were left out.</source>
      <translation>
        <numerusform>%Ln line of %1 could not be read and was left out.</numerusform>
        <numerusform>%Ln lines of %1 could not be read and were left out.</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>JobForm</name>
    <message numerus="yes">
      <source>Measure on %Ln held-out test conversation(s) while training</source>
      <translation>
        <numerusform>Measure on %Ln held-out test conversation while training</numerusform>
        <numerusform>Measure on %Ln held-out test conversations while training</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ListPanel</name>
    <message numerus="yes">
      <source>Search %Ln conversation(s)</source>
      <translation>
        <numerusform>Search %Ln conversation</numerusform>
        <numerusform>Search %Ln conversations</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MainWindow</name>
    <message numerus="yes">
      <source>%Ln conversation(s)</source>
      <translation>
        <numerusform>%Ln conversation</numerusform>
        <numerusform>%Ln conversations</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln conversation(s) with a problem</source>
      <translation>
        <numerusform>%Ln conversation with a problem</numerusform>
        <numerusform>%Ln conversations with a problem</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>MessageCard</name>
    <message numerus="yes">
      <source>%Ln token(s)</source>
      <translation>
        <numerusform>%Ln token</numerusform>
        <numerusform>%Ln tokens</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%n image(s), kept as they are</source>
      <translation>
        <numerusform>%n image, kept as they is</numerusform>
        <numerusform>%n images, kept as they are</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>Program</name>
    <message numerus="yes">
      <source>%n running</source>
      <translation>
        <numerusform>%n running</numerusform>
        <numerusform>%n running</numerusform>
      </translation>
    </message>
  </context>
  <context>
    <name>ProjectFiles</name>
    <message numerus="yes">
      <source>%Ln conversation(s) imported from %1.</source>
      <translation>
        <numerusform>%Ln conversation imported from %1.</numerusform>
        <numerusform>%Ln conversations imported from %1.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln conversation(s) imported from %1; </source>
      <translation>
        <numerusform>%Ln conversation imported from %1; </numerusform>
        <numerusform>%Ln conversations imported from %1; </numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln line(s) could not be read.</source>
      <translation>
        <numerusform>%Ln line could not be read.</numerusform>
        <numerusform>%Ln lines could not be read.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>%Ln conversation(s) written to %1</source>
      <translation>
        <numerusform>%Ln conversation written to %1</numerusform>
        <numerusform>%Ln conversations written to %1</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <source>, %Ln for the test to %1</source>
      <translation>
        <numerusform>, %Ln for the test to %1</numerusform>
        <numerusform>, %Ln for the test to %1</numerusform>
      </translation>
    </message>
  </context>
</TS>
